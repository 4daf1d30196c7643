// The LZ4 frame format: what is written is compressed, what is read is decompressed.
//
//     Lz4Writer out(FileIO("log.lz4", "w"));
//     copyfileobj(source, out);
//     out.close();
//
// EncodingStream and DecodingStream (coding_stream.h) say what these streams can do: any pieces, flush in
// the middle, several frames one behind the other, seeking by reading again, a limit for data from
// strangers. Link quire::lz4.
//
// Lifetime: as FilterStream: the stream underneath is owned or borrowed. Thread: as with every stream.
#pragma once

#include <cstddef>

#include "quire/coding_stream.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

struct Lz4Options {
  /// 0 is the fast way; 3 to 12 try harder and are slower to write, not to read; negative ones are faster
  /// still.
  int level = 0;

  /// Data compressed at a time, each block by itself: 64 KiB, 256 KiB, 1 MiB or 4 MiB. Writers and readers
  /// need up to twice as much memory.
  std::size_t block_size = std::size_t{256} * 1024;

  /// Adds 4 bytes that tell damage.
  bool checksum = true;
};

/// A file of one frame.
class QUIRE_API Lz4Writer : public EncodingStream {
 public:
  /// Errors: std::invalid_argument for a level or a block size that is none; std::bad_alloc.
  explicit Lz4Writer(StreamHandle inner, const Lz4Options& options = {});
};

/// The data of all frames of a file. Those that are to be skipped are.
class QUIRE_API Lz4Reader : public DecodingStream {
 public:
  explicit Lz4Reader(StreamHandle inner, const DecodingOptions& options = {});
};

}  // namespace quire
