// The headers of the peers that are built, see QUIRE_BENCH_HAS_<PEER> in CMakeLists.txt.
#pragma once

#ifdef QUIRE_BENCH_HAS_ABSL
#  include <absl/strings/cord.h>
#endif
#ifdef QUIRE_BENCH_HAS_QT
#  include <QBuffer>
#  include <QByteArray>
#  include <QDataStream>
#endif
#ifdef QUIRE_BENCH_HAS_BOOST
#  include <boost/interprocess/streams/bufferstream.hpp>
#  include <boost/interprocess/streams/vectorstream.hpp>
#endif
