// Buffers for Asio, the standalone one and Boost's: sequences that keep their memory alive until the
// operation ends, and a DynamicBuffer over a stream.
//
//     asio::async_write(socket, ConstBuffers(f.getvalue()), done);  // `f` may go meanwhile
//     asio::async_read(socket, MutableBuffers(f.getbuffer()), done);
//     asio::read_until(socket, StreamBuffer(f), "\r\n");            // appends to `f`
//     Bytes line = f.readline();
//
// This header names neither Asio: what is here becomes the buffers of the one that asks. Link
// quire::asio, and Asio as you do without it.
//
// Lifetime: a sequence and its copies, of which an operation holds one, keep the memory. Thread: as
// ever; copies of a sequence are independent where the memory never changes.
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/detail/block.h"
#include "quire/detail/export.h"
#include "quire/memory_view.h"
#include "quire/slice.h"

namespace quire {

namespace detail {

/// For const bytes the const_buffer of an Asio, for others its mutable_buffer. No type is both: a
/// const_buffer can be made from either, and from what becomes either it could not.
template <class B, class Byte,
          class Void = std::conditional_t<std::is_const_v<Byte>, const void, void>>
concept AsioBuffer = std::constructible_from<B, Void*, std::size_t> && requires(const B& buffer) {
  { buffer.data() } -> std::same_as<Void*>;
};

/// Bytes in one piece, and what keeps them: an item of a buffer sequence.
template <class Byte, class Owner>
class AsioPiece {
 public:
  AsioPiece() noexcept = default;

  AsioPiece(std::span<Byte> bytes, Owner owner) noexcept
      : bytes_(bytes), owner_(std::move(owner)) {}

  // NOLINTNEXTLINE(google-explicit-constructor): what makes it a buffer of that Asio
  template <AsioBuffer<Byte> B>
  operator B() const noexcept {
    return B(bytes_.data(), bytes_.size());
  }

  [[nodiscard]] Byte* data() const noexcept { return bytes_.data(); }

  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

 private:
  std::span<Byte> bytes_;
  Owner owner_;
};

/// Any number of them. Copies share what is more than one.
template <class Byte, class Owner>
class AsioSequence {
 public:
  using value_type = AsioPiece<Byte, Owner>;
  using const_iterator = const value_type*;

  /// One piece, of no bytes.
  AsioSequence() noexcept = default;

  explicit AsioSequence(value_type piece) noexcept : one_(std::move(piece)) {}

  explicit AsioSequence(std::vector<value_type> pieces)
      : many_(std::make_shared<const std::vector<value_type>>(std::move(pieces))) {}

  [[nodiscard]] const_iterator begin() const noexcept { return many_ ? many_->data() : &one_; }

  [[nodiscard]] const_iterator end() const noexcept {
    return begin() + (many_ ? many_->size() : 1);
  }

 private:
  value_type one_;
  std::shared_ptr<const std::vector<value_type>> many_;
};

/// A sequence of views, each with its memory.
template <class View>
using AsioViews = AsioSequence<std::remove_pointer_t<decltype(std::declval<View>().data())>, View>;

template <class View>
[[nodiscard]] typename AsioViews<View>::value_type asio_piece(View view) {
  const auto bytes = view.span();
  return {{bytes.data(), bytes.size()}, std::move(view)};
}

template <class View, class Range>
[[nodiscard]] std::vector<typename AsioViews<View>::value_type> asio_pieces(Range&& range) {
  std::vector<typename AsioViews<View>::value_type> pieces;
  for (auto&& item : range) pieces.push_back(asio_piece(View(item)));
  return pieces;
}

/// A range of what such a view is made from.
template <class Range, class... Items>
concept RangeOf = std::ranges::input_range<Range> &&
    (std::same_as<std::remove_cvref_t<std::ranges::range_reference_t<Range>>, Items> || ...);

}  // namespace detail

/// Bytes to send, one piece or many: a ConstBufferSequence.
/// Lifetime: keeps its memory; a live view also pins the size of what it looks at, as ever.
/// Cost:     no copy; one allocation for a range.
class ConstBuffers : public detail::AsioViews<MemoryView> {
 public:
  /// No bytes.
  ConstBuffers() noexcept = default;

  explicit ConstBuffers(const Bytes& bytes) noexcept
      : AsioSequence(detail::asio_piece(MemoryView(bytes))) {}

  /// Errors: BufferError unless the view is of bytes in one piece, here and for all that follow.
  explicit ConstBuffers(MemoryView view) : AsioSequence(detail::asio_piece(std::move(view))) {}

  explicit ConstBuffers(const MutableMemoryView& view) : ConstBuffers(view.toreadonly()) {}

  /// All of these, one after another.
  template <detail::RangeOf<Bytes, MemoryView> Range>
  explicit ConstBuffers(Range&& range)
      : AsioSequence(detail::asio_pieces<MemoryView>(std::forward<Range>(range))) {}
};

/// Room to receive into: a MutableBufferSequence. To send the same bytes take toreadonly() of the view.
/// Lifetime: as ConstBuffers.
class MutableBuffers : public detail::AsioViews<MutableMemoryView> {
 public:
  /// No room.
  MutableBuffers() noexcept = default;

  /// Errors: as ConstBuffers.
  explicit MutableBuffers(MutableMemoryView view)
      : AsioSequence(detail::asio_piece(std::move(view))) {}

  template <detail::RangeOf<MutableMemoryView> Range>
  explicit MutableBuffers(Range&& range)
      : AsioSequence(detail::asio_pieces<MutableMemoryView>(std::forward<Range>(range))) {}
};

/// A stream as a DynamicBuffer (of version 1, which both Asios and Beast take): what is received goes to
/// its end, what is left behind its position is what there is to consume, and read() and readline()
/// consume as well as consume().
///
/// Over a stream that stands at 0, what consume() has passed is given up when room is needed; nothing
/// else is ever removed. Copies are the same buffer.
///
/// Lifetime: borrows the stream, unless it shares it. Memory that prepare() and data() gave stays
///           allocated as long as an operation has it, whatever becomes of the stream.
/// Cost:     no copy: into the memory of the stream, which grows as by write(). A class derived from
///           BytesIO, and a SpooledIO in its file, get it by write(), from a buffer.
class QUIRE_API StreamBuffer {
 public:
  using const_buffers_type = detail::AsioSequence<const std::byte, detail::BlockRef>;
  using mutable_buffers_type = detail::AsioSequence<std::byte, detail::BlockRef>;

  /// At most `max_size` bytes to consume; over a fixed buffer let it be the size of that.
  /// Errors: ClosedError, as for all but max_size(); std::bad_alloc.
  explicit StreamBuffer(BytesIO& stream QUIRE_LIFETIMEBOUND, std::size_t max_size = npos);
  explicit StreamBuffer(std::shared_ptr<BytesIO> stream, std::size_t max_size = npos);

  /// Bytes to consume.
  [[nodiscard]] std::size_t size() const;

  [[nodiscard]] std::size_t max_size() const noexcept;

  /// The most that size() can be without another allocation.
  [[nodiscard]] std::size_t capacity() const;

  [[nodiscard]] const_buffers_type data() const;

  /// Room for `size` bytes; what was prepared before, and not committed, is no more.
  /// Errors: std::length_error past max_size(), as Asio wants; as BytesIO::write().
  [[nodiscard]] mutable_buffers_type prepare(std::size_t size);

  /// The first `size` bytes of what was prepared are the stream's.
  /// Errors: BufferError when the stream was changed since prepare(); where there was no room to lend,
  ///         as write().
  void commit(std::size_t size);

  /// Moves the position; past the last byte it stops.
  void consume(std::size_t size);

 private:
  struct State;

  std::shared_ptr<State> state_;
};

}  // namespace quire
