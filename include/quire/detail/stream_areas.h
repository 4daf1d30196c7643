// ReadArea and WriteArea: a stream as the pieces of memory that a library wants to work on: the
// BytesIO's own where that lends it, else what read1() gives and a buffer that write_some() takes.
//
// Lifetime: as StreamHandle: borrowed or owned. A piece is good until the next call. Between two
// calls the stream underneath is not to be used: settle() puts it where its user believes it to be.
// Thread: one.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/detail/lent_room.h"
#include "quire/slice.h"
#include "quire/stream.h"

namespace quire::detail {

/// What is still to be read of a stream, a piece at a time.
class QUIRE_API ReadArea {
 public:
  /// Errors: ClosedError; UnsupportedOperation; std::invalid_argument for a handle without a stream.
  explicit ReadArea(StreamHandle stream);

  /// The next bytes, at most `most`; advances over them. Empty at the end of data.
  /// Cost:   no copy of what a BytesIO holds, or a SpooledIO in memory; else that of read1().
  /// Errors: those of the stream.
  [[nodiscard]] ByteSpan next(std::size_t most = npos);

  /// The last `count` bytes of what next() gave are still to be read.
  /// REQUIRES: count <= last()
  void back_up(std::size_t count) noexcept {
    next_ -= count;
    last_ = 0;
  }

  /// How many bytes may be backed up.
  [[nodiscard]] std::size_t last() const noexcept { return last_; }

  /// Advances by `count` bytes, or to the end of data; returns how many that was.
  std::size_t skip(std::size_t count);

  /// The stream, where reading has stopped. One that cannot seek is where it was last read.
  Stream& settle();

  /// Settles; closes a stream that is owned, flushes another. A second call does nothing.
  void close();

 private:
  [[nodiscard]] Stream& inner() const;

  /// False at the end of data.
  bool refill();

  StreamHandle stream_;
  LentBytes lent_;
  Bytes piece_;
  ByteSpan area_;  // in one of these two; the stream stands at its end
  std::size_t next_ = 0;
  std::size_t last_ = 0;
};

/// Room for what is to be written to a stream, a piece at a time.
class QUIRE_API WriteArea {
 public:
  /// Errors: as ReadArea().
  explicit WriteArea(StreamHandle stream);

  WriteArea(const WriteArea&) = delete;
  WriteArea& operator=(const WriteArea&) = delete;
  ~WriteArea() = default;

  /// Room for the next bytes, at most `most`, all of which count as written. Never empty.
  /// Errors: those of the stream; std::system_error (ENOSPC) when it takes no more.
  [[nodiscard]] MutableByteSpan next(std::size_t most = npos);

  /// The last `count` bytes of what next() gave are not written after all. A stream that lends its
  /// memory then has the others.
  /// Errors: BufferError when it was changed meanwhile.
  /// REQUIRES: count <= last()
  void back_up(std::size_t count);

  /// How many bytes may be backed up.
  [[nodiscard]] std::size_t last() const noexcept { return last_; }

  /// Writes bytes that lie elsewhere, behind those before.
  void write(ByteSpan data);

  /// The stream, with all that was written.
  /// Errors: as next().
  Stream& settle();

  /// Settles; closes a stream that is owned, flushes another. A second call does nothing.
  void close();

 private:
  [[nodiscard]] Stream& inner() const;

  void write_out(ByteSpan data);

  StreamHandle stream_;
  std::optional<LentRoom> room_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t filled_ = 0;  // of the buffer
  std::size_t last_ = 0;
};

}  // namespace quire::detail
