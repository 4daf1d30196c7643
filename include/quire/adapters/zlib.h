// gzip, zlib and raw deflate: what is written is compressed, what is read is decompressed.
//
//     GzipWriter out(FileIO("log.gz", "w"));
//     out.write(text);
//     out.close();
//
//     GzipReader in(FileIO("log.gz"), {.limit = 100 << 20});
//     for (const Bytes& line : BufferedReader(in)) ...
//
// EncodingStream and DecodingStream (coding_stream.h) say what these streams can do: any pieces, flush in
// the middle, several gzip members one behind the other, seeking by reading again, a limit for data from
// strangers. Link quire::zlib.
//
// Lifetime: as FilterStream: the stream underneath is owned or borrowed. Thread: as with every stream.
#pragma once

#include "quire/coding_stream.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

/// How hard zlib tries, from 1, the fastest, to 9; 0 stores.
inline constexpr int kDefaultZlibLevel = 6;

/// A gzip file of one member, which names no file and no time: equal data make equal files.
class QUIRE_API GzipWriter : public EncodingStream {
 public:
  /// Errors: std::invalid_argument for a level that is none; std::bad_alloc.
  explicit GzipWriter(StreamHandle inner, int level = kDefaultZlibLevel);
};

/// The data of a gzip file, of all its members. Zeros behind a member are skipped, as tapes have them.
/// What the checksum at the end contradicts is a DataError, but only there.
class QUIRE_API GzipReader : public DecodingStream {
 public:
  explicit GzipReader(StreamHandle inner, const DecodingOptions& options = {});
};

/// The zlib format, as in PNG, git and HTTP's deflate: deflate with a checksum.
class QUIRE_API ZlibWriter : public EncodingStream {
 public:
  explicit ZlibWriter(StreamHandle inner, int level = kDefaultZlibLevel);
};

/// One such stream; what follows is left alone.
class QUIRE_API ZlibReader : public DecodingStream {
 public:
  explicit ZlibReader(StreamHandle inner, const DecodingOptions& options = {});
};

/// Deflate alone, as in zip: whoever wraps it must notice damage.
class QUIRE_API DeflateWriter : public EncodingStream {
 public:
  explicit DeflateWriter(StreamHandle inner, int level = kDefaultZlibLevel);
};

/// One such stream; what follows is left alone.
class QUIRE_API DeflateReader : public DecodingStream {
 public:
  explicit DeflateReader(StreamHandle inner, const DecodingOptions& options = {});
};

}  // namespace quire
