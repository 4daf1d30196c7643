// FilterStream: the base of streams that stand on another one and change what passes through:
// compress, encrypt, checksum, count.
//
//     class Rot13 : public FilterStream {
//       using FilterStream::FilterStream;
//       std::size_t readinto(MutableByteSpan target) override {
//         const std::size_t count = inner().readinto(target);
//         rotate(target.subspan(0, count));
//         return count;
//       }
//     };
//
// Override `readinto` for what is read and `write` for what is written; all other ways in and out
// stand on these two. Override `finish` for what must follow the last byte. Every override may be
// called with any number of bytes: keep between calls what one call has begun. Lines want a
// BufferedReader around the filter, which otherwise is asked for them byte by byte.
//
// Lifetime: the inner stream is owned or borrowed, see StreamHandle. A destructor closes only what
// is owned, and cannot call `finish`: a filter that has an end to write calls close_quietly() in
// its own, and declares its moves. Thread: as with every stream.
#pragma once

#include <cstddef>
#include <utility>

#include "quire/byte_span.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

class QUIRE_API FilterStream : public Stream {
 public:
  /// Errors: std::invalid_argument for a handle without a stream.
  explicit FilterStream(StreamHandle inner);

  FilterStream(const FilterStream&) = delete;
  FilterStream& operator=(const FilterStream&) = delete;
  FilterStream(FilterStream&&) noexcept = default;
  FilterStream& operator=(FilterStream&&) noexcept = default;
  ~FilterStream() override = default;

  /// True also when the inner stream has been closed by somebody else.
  [[nodiscard]] bool closed() const noexcept override { return !inner_ || inner_->closed(); }

  /// As the inner stream, like the next two.
  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool isatty() const override;

  std::size_t readinto(MutableByteSpan target) override;

  using Stream::write;

  /// The size of `data` as they came in, however many bytes become of them.
  /// Errors: those of the inner stream. How much of the data has gone through is then unknown.
  std::size_t write(ByteSpan data) override;

  /// Flushes the inner stream. A filter that holds bytes back hands them on first.
  void flush() override;

  /// Calls `finish`, then closes the inner stream if it is owned and flushes it otherwise.
  /// Errors: those of `finish` and the inner stream; the filter is closed all the same.
  void close() override;

 protected:
  /// The stream underneath. Errors: ClosedError.
  [[nodiscard]] Stream& inner() const;

  /// Writes what must come after the last byte. Called once, by close(), with all still open.
  virtual void finish() {}

  /// close() for the destructor of a derived class: what fails is lost.
  void close_quietly() noexcept;

 private:
  StreamHandle inner_;
};

}  // namespace quire
