// LentRoom and LentBytes: a part of a BytesIO's memory that an adapter works on directly: a streambuf's
// areas, what a library fills or empties by itself.
//
// Nothing is promised to the stream's other users but that memory stays sound: what a Bytes shows
// never changes, and what is lent stays allocated. A stream that is changed while its room is lent
// refuses to take it back.
//
// Lifetime: the stream must be where it is until commit(). Thread: that of the stream.
#pragma once

#include <cstddef>
#include <optional>

#include "quire/buffer.h"
#include "quire/byte_span.h"
#include "quire/bytes_io.h"
#include "quire/detail/block.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire::detail {

/// `stream` as one that lends `least` bytes at its position: a BytesIO itself, or a SpooledIO that
/// stays in memory with them. Null for all others: a class that overrides write() wants to be asked.
[[nodiscard]] QUIRE_API BytesIO* lender(Stream& stream, std::size_t least = 1);

/// Bytes from a stream's position on, to be written to. From below the end they go up to it, as a
/// writable view; else as far as there is room, and readers of the stream do not see them.
class QUIRE_API LentRoom {
 public:
  LentRoom() noexcept = default;

  /// At least `least` bytes, or up to the end of the stream; none over a fixed buffer that is full and
  /// takes short writes.
  /// Cost:   amortised as BytesIO::write().
  /// Errors: as BytesIO::write(); over a fixed buffer only when it is full.
  /// REQUIRES: lender(stream, least) == &stream
  explicit LentRoom(BytesIO& stream, std::size_t least = 1);

  /// How much may be written where `stream` stands before it is full and more is an error; npos for one
  /// that has no size limit, or takes short writes.
  /// Errors: ClosedError.
  [[nodiscard]] static std::size_t most(const BytesIO& stream);

  LentRoom(const LentRoom&) = delete;
  LentRoom& operator=(const LentRoom&) = delete;

  /// Gives back what was lent, unwritten.
  ~LentRoom() { give_back(); }

  explicit operator bool() const noexcept { return stream_ != nullptr; }

  [[nodiscard]] MutableByteSpan span() const noexcept { return {data_, size_}; }

  /// What keeps the memory, also when this is gone; null over a fixed buffer.
  [[nodiscard]] const BlockRef& block() const noexcept { return block_; }

  /// Where in the stream it begins.
  [[nodiscard]] std::size_t position() const noexcept { return position_; }

  /// The first `count` bytes are the stream's, as if written; the rest is given back, and this is empty.
  /// Errors: BufferError when the stream was changed meanwhile: it then stays so, and nothing is
  ///         written.
  void commit(std::size_t count);

 private:
  friend class LentBytes;

  /// The block of a stream and all its bytes there.
  [[nodiscard]] static BlockRef block_of(const BytesIO& stream, ByteSpan* bytes);

  /// Whether the stream is as it was. Takes the room back, in any case.
  bool give_back() noexcept;

  BytesIO* stream_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t position_ = 0;
  std::size_t stream_size_ = 0;
  std::size_t room_ = 0;
  const std::byte* base_ = nullptr;
  BlockRef block_;
  std::optional<Buffer> view_;
};

/// All bytes of a stream, to be read: seen as they change, never freed, and not copied even where
/// getvalue() would.
class QUIRE_API LentBytes {
 public:
  LentBytes() noexcept = default;

  /// Errors: ClosedError.
  explicit LentBytes(const BytesIO& stream) : block_(LentRoom::block_of(stream, &span_)) {}

  [[nodiscard]] ByteSpan span() const noexcept { return span_; }

  /// What keeps them; null over a fixed buffer.
  [[nodiscard]] const BlockRef& block() const noexcept { return block_; }

 private:
  ByteSpan span_;
  BlockRef block_;
};

}  // namespace quire::detail
