// ByteArray: mutable, growable bytes (Python's bytearray).
//
//   block   [ taken off | b y t e s | room ]
//                       ^ data()    ^ data() + size()
//
// Copying copies. `freeze()` turns it into Bytes without. A live view pins its size: while there is
// one, what would change the size throws BufferError, what does not is allowed. Deleting at the
// front moves nothing, so that an array can be filled at one end and consumed at the other.
//
// What bytes can do beyond this file is in detail/byte_methods.h: find, split, strip, replace, hex,
// decode, comparison and the rest.
//
// Lifetime: a live view may outlive the array; moving, destroying and assigning leave it on the old
// memory. Pointers and references into the array are gone when its size changes. Thread: const
// operations may run at once, a mutation needs exclusion.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "quire/buffer.h"
#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/block.h"
#include "quire/detail/byte_methods.h"
#include "quire/detail/endian.h"
#include "quire/detail/export.h"
#include "quire/error.h"
#include "quire/slice.h"

namespace quire {

// Whatever changes the size has the strong guarantee and throws BufferError while a view lives,
// std::bad_alloc, and std::length_error past the largest size.
class QUIRE_API ByteArray : public detail::SearchMethods<ByteArray>,
                            public detail::PieceMethods<ByteArray>,
                            public detail::MakeMethods<ByteArray, ByteArray>,
                            public detail::OrderMethods<ByteArray> {
 public:
  using value_type = std::byte;
  using const_iterator = const std::byte*;
  using iterator = std::byte*;

  /// Empty.
  ByteArray() noexcept = default;

  /// A copy of `data`.
  explicit ByteArray(ByteSpan data);

  /// Takes over the memory of `data` when that is its only handle; copies otherwise.
  explicit ByteArray(Bytes&& data);

  /// `count` zeros.
  /// Errors: std::invalid_argument when it is negative.
  template <std::integral T>

  requires(!detail::ByteLike<T> && !std::same_as<T, bool>) explicit ByteArray(T count)
      : ByteArray(checked_count(count), std::byte{0}) {}

  /// `count` times the same byte.
  ByteArray(std::size_t count, std::byte fill);

  /// From pairs of hexadecimal digits; whitespace between pairs is skipped.
  /// Errors: std::invalid_argument naming the position of anything else.
  [[nodiscard]] static ByteArray fromhex(std::string_view digits) {
    return ByteArray(Bytes::fromhex(digits));
  }

  /// As Bytes::maketrans.
  [[nodiscard]] static Bytes maketrans(ByteSpan from, ByteSpan to) {
    return Bytes::maketrans(from, to);
  }

  ByteArray(const ByteArray& other) : ByteArray(other.span()) {}

  ByteArray& operator=(const ByteArray& other) {
    ByteArray(other).swap(*this);
    return *this;
  }

  ByteArray(ByteArray&& other) noexcept
      : block_(std::move(other.block_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}

  ByteArray& operator=(ByteArray&& other) noexcept {
    ByteArray(std::move(other)).swap(*this);
    return *this;
  }

  ~ByteArray() = default;

  void swap(ByteArray& other) noexcept {
    block_.swap(other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  // --- looking -----------------------------------------------------------------------------------

  [[nodiscard]] std::byte* data() noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] const std::byte* data() const noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] iterator begin() noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] iterator end() noexcept QUIRE_LIFETIMEBOUND { return data_ + size_; }

  [[nodiscard]] const_iterator begin() const noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] const_iterator end() const noexcept QUIRE_LIFETIMEBOUND { return data_ + size_; }

  [[nodiscard]] ByteSpan span() const noexcept QUIRE_LIFETIMEBOUND { return {data_, size_}; }

  /// Negative counts from the end.
  /// Errors: std::out_of_range.
  template <std::integral T>
  [[nodiscard]] std::byte operator[](T index) const {
    return data_[detail::resolve_index(index, size_)];
  }

  template <std::integral T>
  [[nodiscard]] std::byte& operator[](T index) QUIRE_LIFETIMEBOUND {
    return data_[detail::resolve_index(index, size_)];
  }

  /// A copy of the bytes [start, stop), by Python's rules for slices.
  [[nodiscard]] ByteArray slice(SliceBound start, SliceBound stop = std::nullopt) const {
    return piece(detail::resolve(start, stop, size_));
  }

  /// A copy of every `step`th byte, backwards when it is negative.
  /// Errors: std::invalid_argument when it is 0.
  [[nodiscard]] ByteArray slice(SliceBound start, SliceBound stop, std::ptrdiff_t step) const;

  /// REQUIRES: offset + count <= size()
  [[nodiscard]] ByteArray piece(detail::Range part) const {
    return ByteArray(span().subspan(part.offset, part.count));
  }

  [[nodiscard]] ByteArray copy() const { return *this; }

  /// The same bytes as characters, until the size changes.
  // NOLINTNEXTLINE(google-explicit-constructor): as std::string's own
  operator std::string_view() const noexcept QUIRE_LIFETIMEBOUND { return span().as_chars(); }

  [[nodiscard]] std::string to_string() const;

  /// Python's: `bytearray(b'...')`.
  [[nodiscard]] std::string repr() const;

  // --- changing ----------------------------------------------------------------------------------

  /// Cost: amortised O(1).
  void append(std::byte value) { *grow(1) = value; }

  /// Adds `data`, which may be a part of this, at the end.
  /// Cost: amortised O(data).
  void extend(ByteSpan data);

  ByteArray& operator+=(ByteSpan data) {
    extend(data);
    return *this;
  }

  /// Repeats the content; nothing is left when `count` is not positive.
  ByteArray& operator*=(std::ptrdiff_t count);

  /// Puts `value` before the byte at `index`, which clamps as in a slice.
  void insert(SliceBound index, std::byte value) {
    *open_gap(detail::clamp_bound(index, size_, size_), 0, 1) = value;
  }

  /// Takes out one byte, the last one if not told.
  /// Errors: std::out_of_range.
  template <std::integral T = int>
  std::byte pop(T index = -1) {
    const std::size_t offset = detail::resolve_index(index, size_);
    const std::byte value = data_[offset];
    open_gap(offset, 1, 0);
    return value;
  }

  /// Deletes the first `value`.
  /// Errors: std::invalid_argument when there is none.
  void remove(std::byte value);

  void reverse() noexcept;

  /// Keeps the room.
  void clear() { open_gap(0, size_, 0); }

  /// Deletes one byte.
  /// Errors: std::out_of_range.
  template <std::integral T>
  void erase(T index) {
    open_gap(detail::resolve_index(index, size_), 1, 0);
  }

  /// Deletes the bytes [start, stop). Cost: O(bytes on the shorter side).
  void erase_slice(SliceBound start, SliceBound stop = std::nullopt) {
    const detail::Range part = detail::resolve(start, stop, size_);
    open_gap(part.offset, part.count, 0);
  }

  /// Deletes every `step`th byte of a slice.
  /// Errors: std::invalid_argument when `step` is 0.
  void erase_slice(SliceBound start, SliceBound stop, std::ptrdiff_t step);

  /// Replaces the bytes [start, stop) by `data`, of any size; may be a part of this.
  void assign_slice(SliceBound start, SliceBound stop, ByteSpan data);

  /// Replaces every `step`th byte of a slice; as in Python no data at all deletes them.
  /// Errors: std::invalid_argument when `step` is 0 or, unless it is 1, the sizes differ.
  void assign_slice(SliceBound start, SliceBound stop, std::ptrdiff_t step, ByteSpan data);

  /// Sets the number at `offset`: `a.write<std::uint32_t>(8, crc, std::endian::big)`.
  /// Errors: std::out_of_range unless it fits in.
  template <detail::Number T>
  void write(std::size_t offset, std::type_identity_t<T> value,
             std::endian order = std::endian::native) {
    detail::check_range(offset, sizeof(T), size_);
    detail::store<T>(data_ + offset, value, order);
  }

  // --- room --------------------------------------------------------------------------------------

  /// Bytes it can hold without another allocation.
  [[nodiscard]] std::size_t capacity() const noexcept {
    return block_ ? block_->capacity - taken_off() : 0;
  }

  /// Makes room for `capacity` bytes in all.
  void reserve(std::size_t capacity);

  /// Cuts, or adds `fill`.
  void resize(std::size_t size, std::byte fill = std::byte{0});

  /// Bytes of memory that it keeps.
  [[nodiscard]] std::size_t retained_bytes() const noexcept {
    return block_ ? block_->memory() : 0;
  }

  /// Gives back room that is not used.
  void compact();

  // --- handing on --------------------------------------------------------------------------------

  /// The content as Bytes; empty afterwards.
  /// Cost:   O(1), no copy. The room goes with it: see Bytes::compact.
  /// Errors: BufferError while a view lives.
  [[nodiscard]] Bytes freeze();

  /// A live region of all bytes, which pins the size: what views are made of.
  /// Errors: std::bad_alloc.
  [[nodiscard]] Buffer export_buffer();

  /// What the bytes live in; null while there has never been one.
  [[nodiscard]] detail::Block* block() const noexcept { return block_.get(); }

 private:
  template <class T>
  [[nodiscard]] static std::size_t checked_count(T count) {
    if (std::is_signed_v<T> && count < T{}) {
      detail::throw_invalid("negative count " + std::to_string(count));
    }
    return static_cast<std::size_t>(count);
  }

  [[nodiscard]] std::size_t taken_off() const noexcept {
    return static_cast<std::size_t>(data_ - block_->data);
  }

  void check_resizable() const {
    if (!block_) return;
    if (const auto views = block_->export_count()) detail::throw_pinned(views);
  }

  /// `count` more bytes at the end, for the caller to set.
  [[nodiscard]] std::byte* grow(std::size_t count) {
    if (block_ && count <= capacity() - size_ && block_->export_count() == 0) [[likely]] {
      return data_ + std::exchange(size_, size_ + count);
    }
    return open_gap(size_, 0, count);
  }

  /// Makes `inserted` bytes, for the caller to set, out of `removed` ones at `offset`. All that
  /// changes the size in the middle comes here.
  std::byte* open_gap(std::size_t offset, std::size_t removed, std::size_t inserted);

  /// Room for `size` bytes behind data(), and for more to come.
  void make_room(std::size_t size);

  /// Room for exactly `capacity` bytes.
  void reallocate(std::size_t capacity);

  void move_to_front() noexcept;

  void replace_part(detail::Range part, ByteSpan data);

  [[nodiscard]] bool shows(ByteSpan data) const noexcept;

  // Owned alone, unless a view lives. Without a block: `data_ == nullptr && size_ == 0`.
  detail::BlockRef block_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Writes repr().
QUIRE_API std::ostream& operator<<(std::ostream& out, const ByteArray& bytes);

}  // namespace quire
