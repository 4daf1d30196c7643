// The core of quire, all of it; never an adapter.
#pragma once

#include "quire/buffer.h"
#include "quire/buffered_io.h"
#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "quire/filter_stream.h"
#include "quire/ledger.h"
#include "quire/memory_view.h"
#include "quire/slice.h"
#include "quire/storage_options.h"
#include "quire/stream.h"
#include "quire/struct.h"
#include "quire/version.h"
