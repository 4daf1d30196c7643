// How a large stream moves from a bytes object to the core, where snapshots share pages.
//
// Lifetime and thread: see bytes_io.h.
#pragma once

#include "bytes_io.h"

namespace quire::python {

/// From this size on a stream that is to be shared again and again moves to the core.
inline constexpr Py_ssize_t kLargeStream = Py_ssize_t{1} << 20;

/// Moves the stream to the core unless it is small, somebody else refers to its bytes, a view pins
/// it, or the system cannot share pages. Chunk by chunk, and what has been moved is given back to the
/// system, so that the bytes never exist twice. Where that fails they are moved back. No exception.
/// Cost: a copy of all bytes, one chunk of memory.
void convert_if_large(BytesIOObject* self) noexcept;

}  // namespace quire::python
