// Zstandard: what is written is compressed, what is read is decompressed.
//
//     ZstdWriter out(FileIO("log.zst", "w"), {.level = 9});
//     copyfileobj(source, out);
//     out.close();
//
// EncodingStream and DecodingStream (coding_stream.h) say what these streams can do: any pieces, flush in
// the middle, several frames one behind the other, seeking by reading again, a limit for data from
// strangers. Link quire::zstd.
//
// Lifetime: as FilterStream: the stream underneath is owned or borrowed. Thread: as with every stream.
#pragma once

#include "quire/coding_stream.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

struct ZstdOptions {
  /// From 1, the fastest that compresses well, to 22, which is slow and wants much memory; negative ones
  /// are faster still. 0 means zstd's own choice, 3.
  int level = 0;

  /// Adds 4 bytes that tell damage.
  bool checksum = true;
};

/// A file of one frame.
class QUIRE_API ZstdWriter : public EncodingStream {
 public:
  /// Errors: std::invalid_argument for a level that is none; std::bad_alloc.
  explicit ZstdWriter(StreamHandle inner, const ZstdOptions& options = {});
};

/// The data of all frames of a file. Those that are to be skipped are. A frame that says it refers back
/// further than 128 MiB is a DataError, in whatever pieces it comes: who made it could make anybody's
/// memory full.
class QUIRE_API ZstdReader : public DecodingStream {
 public:
  explicit ZstdReader(StreamHandle inner, const DecodingOptions& options = {});
};

}  // namespace quire
