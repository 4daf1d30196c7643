// BufferedReader, BufferedWriter, BufferedRandom, BufferedRWPair: fewer and larger calls to the
// stream underneath (Python's classes of these names).
//
//        dirty           position            end
//   +------[####]-----------|-----------------+---------+
//   | read or written before | read ahead     | free    |   the buffer
//   +-----------------------------------------+---------+
//                       ^ raw position, anywhere in the buffer
//
// One buffer serves both directions: a write lands in it, next to what was read, and goes down with
// its neighbours. The raw stream's position is moved only when it is about to be used.
//
// Lifetime: the raw stream is owned or borrowed, see StreamHandle. While it is buffered nobody else
// should move it. A destructor flushes too, but swallows what fails: call close() to hear of it.
// What `read` and `peek` return stays valid whatever happens to the stream. Thread: as with every
// stream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/block.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

namespace detail {
class BytesBuilder;
}

/// What the buffered streams have in common; made by deriving only.
class QUIRE_API BufferedStream : public Stream {
 public:
  BufferedStream(const BufferedStream&) = delete;
  BufferedStream& operator=(const BufferedStream&) = delete;
  ~BufferedStream() override;

  /// True also after detach(), and when the raw stream has been closed by somebody else.
  [[nodiscard]] bool closed() const noexcept override { return !raw_ || raw_->closed(); }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool seekable() const override;
  [[nodiscard]] bool isatty() const override;
  [[nodiscard]] int fileno() const override;

  /// The stream underneath.
  /// Errors: ClosedError after close() and detach().
  [[nodiscard]] Stream& raw() const;

  /// Flushes and gives the raw stream back, at the position that was reached if it can seek; this
  /// one is then closed.
  /// Errors: as flush(); nothing is then detached.
  StreamHandle detach();

  [[nodiscard]] std::size_t buffer_size() const noexcept { return buffer_size_; }

  using Stream::read;
  using Stream::write;

  /// Cost:   what is in the buffer is copied, or shared when it is at least half of it; what is not
  ///         goes straight into the result. All of it (a negative size): the raw stream's read.
  /// Errors: as Stream::read(); UnsupportedOperation from a writer. What had been read before an
  ///         error stays in the buffer and comes again.
  [[nodiscard]] Bytes read(std::ptrdiff_t size = -1) override;

  /// What is in the buffer, or the result of one read of the raw stream when that is nothing.
  [[nodiscard]] Bytes read1(std::ptrdiff_t size = -1) override;

  /// Fills all of `target` unless the data end before. Large targets are read into directly.
  /// Errors: as read(); when there is no memory either to keep what had been read, it is lost.
  std::size_t readinto(MutableByteSpan target) override;
  [[nodiscard]] Bytes readline(std::ptrdiff_t size = -1) override;

  /// Cost:   data smaller than the buffer are copied into it; larger go straight to the raw stream.
  /// Errors: those of the raw stream; UnsupportedOperation from a reader. What was accepted before
  ///         and could not be handed on stays in the buffer, to be tried again. Data smaller than
  ///         the buffer have then not been accepted, larger ones may have been written in part.
  std::size_t write(ByteSpan data) override;
  std::size_t write_some(ByteSpan data) override;

  /// Cost:   nothing but arithmetic while the position stays in the buffer.
  /// Errors: UnsupportedOperation when the raw stream cannot; else those of the raw stream.
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;
  [[nodiscard]] std::size_t tell() const override;

  /// Errors: UnsupportedOperation from a reader; else those of the raw stream.
  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override;

  /// Writes what is buffered, moves the raw stream to the position if it can seek, flushes it.
  /// Errors: those of the raw stream; what could not be written stays in the buffer.
  void flush() override;

  /// Flushes; closes the raw stream if it is owned.
  /// Errors: as flush(); the stream is closed all the same, and bytes not yet written are lost.
  void close() override;

 protected:
  enum class Access : std::uint8_t { Read, Write, Both };

  /// Errors: std::invalid_argument for a buffer of size 0; UnsupportedOperation when the raw stream
  ///         lacks what `access` needs.
  BufferedStream(StreamHandle raw, std::size_t buffer_size, Access access);
  BufferedStream(BufferedStream&& other) noexcept = default;
  BufferedStream& operator=(BufferedStream&& other) noexcept;

  /// The bytes in the buffer without moving, read first if there are none.
  [[nodiscard]] Bytes peek_buffer();

 private:
  void require_readable() const;
  void require_writable() const;

  /// Bytes read ahead.
  [[nodiscard]] ByteSpan ahead() const noexcept;

  /// The next `count` bytes as a result. REQUIRES: count <= ahead().size()
  [[nodiscard]] Bytes take(std::size_t count);

  /// Forgets the buffer's content. REQUIRES: nothing dirty, raw_at_ == position_
  void forget() noexcept;

  /// A buffer that nobody else sees, with room for buffer_size_ bytes; keeps its content.
  void own_buffer();

  /// Puts `data` into the buffer; false, with the buffer empty and the raw stream at the position,
  /// when they are for the raw stream itself.
  bool accept(ByteSpan data);

  /// Writes the dirty bytes. When that fails those not yet written are still dirty.
  void write_dirty();

  /// Moves the raw stream to where `at` in the buffer is.
  void move_raw(std::size_t at);

  /// Nothing dirty, and the raw stream where the bytes behind the buffer are.
  void prepare_to_read();

  /// Reads the next buffer; returns the bytes in it, 0 at the end.
  /// REQUIRES: prepare_to_read(), nothing ahead
  std::size_t fill();

  /// One read of the raw stream past the buffer. REQUIRES: as fill()
  std::size_t read_raw(MutableByteSpan target);

  /// Everything from the position on, by the raw stream's own read: it may know how much there is,
  /// or have it in memory. What is ahead is read again, which costs less than joining it with the
  /// rest. REQUIRES: prepare_to_read(), a raw stream that can seek
  [[nodiscard]] Bytes read_all_anew();

  /// Makes bytes that were taken, but not delivered because of an error, the buffer again.
  void put_back(detail::BytesBuilder& taken) noexcept;

  /// Gives the raw stream away; this one is then closed.
  StreamHandle release() noexcept;

  /// Ends the buffering: nothing dirty, the raw stream at the position if it can seek.
  void settle();
  void settle_quietly() noexcept;

  // Invariants: `dirty_begin_ <= dirty_end_ <= end_ <= block_->capacity`, `position_ <= end_`,
  // `raw_at_ <= end_`. Offsets in the buffer; the raw stream stands at raw_at_.
  StreamHandle raw_;
  detail::BlockRef block_;
  std::size_t buffer_size_;
  std::size_t position_ = 0;
  std::size_t end_ = 0;
  std::size_t dirty_begin_ = 0;
  std::size_t dirty_end_ = 0;
  std::size_t raw_at_ = 0;
  // Where the raw stream stands, when that is known without asking it.
  std::optional<std::size_t> raw_position_;
  Access access_;
};

class QUIRE_API BufferedReader : public BufferedStream {
 public:
  explicit BufferedReader(StreamHandle raw, std::size_t buffer_size = kDefaultBufferSize)
      : BufferedStream(std::move(raw), buffer_size, Access::Read) {}

  /// The bytes in the buffer without moving; if there are none, what one read brings. Empty at the
  /// end only. `size` is a hint that changes nothing, as in Python.
  [[nodiscard]] Bytes peek([[maybe_unused]] std::ptrdiff_t size = 0) { return peek_buffer(); }
};

class QUIRE_API BufferedWriter : public BufferedStream {
 public:
  explicit BufferedWriter(StreamHandle raw, std::size_t buffer_size = kDefaultBufferSize)
      : BufferedStream(std::move(raw), buffer_size, Access::Write) {}
};

/// Reads and writes through one buffer; the raw stream must be able to seek.
class QUIRE_API BufferedRandom : public BufferedStream {
 public:
  explicit BufferedRandom(StreamHandle raw, std::size_t buffer_size = kDefaultBufferSize)
      : BufferedStream(std::move(raw), buffer_size, Access::Both) {}

  /// As BufferedReader::peek.
  [[nodiscard]] Bytes peek([[maybe_unused]] std::ptrdiff_t size = 0) { return peek_buffer(); }
};

/// A reader and a writer over two streams, such as the two pipes to a program. Cannot seek.
class QUIRE_API BufferedRWPair : public Stream {
 public:
  BufferedRWPair(StreamHandle reader, StreamHandle writer,
                 std::size_t buffer_size = kDefaultBufferSize)
      : reader_(std::move(reader), buffer_size), writer_(std::move(writer), buffer_size) {}

  [[nodiscard]] bool closed() const noexcept override { return writer_.closed(); }

  [[nodiscard]] bool readable() const override { return reader_.readable(); }

  [[nodiscard]] bool writable() const override { return writer_.writable(); }

  /// Whether either of the two is a terminal.
  [[nodiscard]] bool isatty() const override { return writer_.isatty() || reader_.isatty(); }

  using Stream::read;
  using Stream::write;

  [[nodiscard]] Bytes read(std::ptrdiff_t size = -1) override { return reader_.read(size); }

  [[nodiscard]] Bytes read1(std::ptrdiff_t size = -1) override { return reader_.read1(size); }

  std::size_t readinto(MutableByteSpan target) override { return reader_.readinto(target); }

  [[nodiscard]] Bytes readline(std::ptrdiff_t size = -1) override { return reader_.readline(size); }

  /// As BufferedReader::peek.
  [[nodiscard]] Bytes peek(std::ptrdiff_t size = 0) { return reader_.peek(size); }

  std::size_t write(ByteSpan data) override { return writer_.write(data); }

  std::size_t write_some(ByteSpan data) override { return writer_.write_some(data); }

  void flush() override { writer_.flush(); }

  /// Closes the writer, then the reader, also when the writer fails.
  void close() override;

 private:
  BufferedReader reader_;
  BufferedWriter writer_;
};

}  // namespace quire
