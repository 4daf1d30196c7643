// Bytes: immutable bytes that share memory (Python's bytes).
//
//   Bytes v ----+      block
//               +---> [ h e l l o   w o r l d ]
//   v.slice(6) -+               ^-- five bytes of the same block
//
// What bytes can do beyond this file is in detail/byte_methods.h: find, split, strip, replace, hex,
// decode, comparison and the rest. Every part of a Bytes is a Bytes that shares its memory.
//
// Lifetime: a Bytes keeps its memory alive by itself, whatever it was made from. `data()` stays the
// same when the handle is copied or moved. Thread: handles of the same memory are independent
// objects; any thread may copy, read and drop its own.
#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "quire/byte_span.h"
#include "quire/detail/block.h"
#include "quire/detail/byte_methods.h"
#include "quire/detail/export.h"
#include "quire/ledger.h"
#include "quire/slice.h"

namespace quire {

/// What is known of a file that is to become a Bytes.
enum class FileTrust {
  MayChange,  ///< read it
  Stays,      ///< nobody writes to it or cuts it while the Bytes lives: map it
};

class QUIRE_API Bytes : public detail::SearchMethods<Bytes>,
                        public detail::PieceMethods<Bytes>,
                        public detail::MakeMethods<Bytes, Bytes>,
                        public detail::OrderMethods<Bytes> {
 public:
  using value_type = std::byte;
  using const_iterator = const std::byte*;
  using iterator = const_iterator;

  /// Empty.
  Bytes() noexcept = default;

  /// A copy of `data`.
  /// Errors: std::bad_alloc, std::length_error; here and for all that makes new bytes.
  explicit Bytes(ByteSpan data);

  /// `count` times the same byte.
  Bytes(std::size_t count, std::byte fill);

  /// Shares memory that the block owns; null means that it is static. For those who make Bytes: the
  /// region must never change while the handle, or a copy of it, lives.
  Bytes(detail::BlockRef block, const std::byte* data, std::size_t size) noexcept
      : block_(std::move(block)), data_(data), size_(size) {}

  /// Takes over what a string or a vector of trivially copyable items owns.
  /// Cost:   one small allocation, no copy.
  /// Errors: std::bad_alloc; the container is then unchanged.
  [[nodiscard]] static Bytes adopt(std::string&& data) { return adopt_whole(std::move(data)); }

  template <class T>

  requires(std::is_trivially_copyable_v<T> && !std::same_as<T, bool>) [[nodiscard]] static Bytes
      adopt(std::vector<T>&& data) {
    return adopt_whole(std::move(data));
  }

  /// Takes over `size` bytes at `data`; `deleter(data)` frees them when the last handle goes.
  /// Errors: std::bad_alloc; the memory is then still the caller's.
  [[nodiscard]] static Bytes adopt(void* data, std::size_t size, void (*deleter)(void*) noexcept);

  /// The content of a file, which is read unless it can be trusted to stay.
  /// Lifetime: a file that is cut short while mapped kills who touches the bytes that are gone.
  /// Cost:     reading: the file's size in memory; mapping: O(1), pages come when they are touched.
  /// Errors:   std::system_error naming the path.
  [[nodiscard]] static Bytes map_file(const std::string& path,
                                      FileTrust trust = FileTrust::MayChange);

  /// From pairs of hexadecimal digits; whitespace between pairs is skipped.
  /// Errors: std::invalid_argument naming the position of anything else.
  [[nodiscard]] static Bytes fromhex(std::string_view digits) {
    return detail::algo::fromhex(digits);
  }

  /// The table that makes translate() turn each byte of `from` into the one of `to` at its place.
  /// Errors: std::invalid_argument unless both have the same size.
  [[nodiscard]] static Bytes maketrans(ByteSpan from, ByteSpan to) {
    return detail::algo::maketrans(from, to);
  }

  Bytes(const Bytes&) noexcept = default;
  Bytes& operator=(const Bytes&) noexcept = default;

  Bytes(Bytes&& other) noexcept
      : block_(std::move(other.block_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}

  Bytes& operator=(Bytes&& other) noexcept {
    Bytes(std::move(other)).swap(*this);
    return *this;
  }

  ~Bytes() = default;

  void swap(Bytes& other) noexcept {
    block_.swap(other.block_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  [[nodiscard]] const std::byte* data() const noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] const_iterator begin() const noexcept QUIRE_LIFETIMEBOUND { return data_; }

  [[nodiscard]] const_iterator end() const noexcept QUIRE_LIFETIMEBOUND { return data_ + size_; }

  [[nodiscard]] ByteSpan span() const noexcept QUIRE_LIFETIMEBOUND { return {data_, size_}; }

  /// Negative counts from the end.
  /// Errors: std::out_of_range.
  template <std::integral T>
  [[nodiscard]] std::byte operator[](T index) const {
    return data_[detail::resolve_index(index, size_)];
  }

  /// The bytes from `start` up to `stop`, by Python's rules for slices.
  /// Lifetime: shares memory with this.
  /// Cost:     O(1), no copy.
  [[nodiscard]] Bytes slice(SliceBound start, SliceBound stop = std::nullopt) const noexcept {
    return piece(detail::resolve(start, stop, size_));
  }

  /// Every `step`th byte, backwards when it is negative.
  /// Cost:   copies, unless the step is 1.
  /// Errors: std::invalid_argument when it is 0.
  [[nodiscard]] Bytes slice(SliceBound start, SliceBound stop, std::ptrdiff_t step) const;

  /// REQUIRES: offset + count <= size()
  [[nodiscard]] Bytes piece(detail::Range part) const noexcept {
    if (part.count == 0) return {};
    return {block_, data_ + part.offset, part.count};
  }

  /// The same bytes as characters.
  // NOLINTNEXTLINE(google-explicit-constructor): as std::string's own
  operator std::string_view() const noexcept QUIRE_LIFETIMEBOUND { return span().as_chars(); }

  [[nodiscard]] std::string to_string() const;

  /// Python's literal: `b'...'`.
  [[nodiscard]] std::string repr() const { return detail::algo::repr(span()); }

  /// Bytes of memory that this handle keeps alive, shared or not; 0 for static memory.
  /// Cost: O(1); O(pages) for memory of a large stream.
  [[nodiscard]] std::size_t retained_bytes() const noexcept {
    return block_ ? block_->memory() : 0;
  }

  /// Moves to memory of its own when it keeps more than twice its size alive.
  void compact();

  /// The block that keeps the memory alive; null when empty or static.
  [[nodiscard]] detail::Block* block() const noexcept { return block_.get(); }

 private:
  template <class Container>
  [[nodiscard]] static Bytes adopt_whole(Container&& data) {
    if (data.empty()) return {};
    detail::BlockRef block = detail::adopt_container(std::forward<Container>(data));
    const std::byte* const bytes = block->data;
    const std::size_t size = block->capacity;
    return {std::move(block), bytes, size};
  }

  // Empty means: no block.
  detail::BlockRef block_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

static_assert(sizeof(Bytes) == 3 * sizeof(void*));

/// Writes repr().
QUIRE_API std::ostream& operator<<(std::ostream& out, const Bytes& bytes);

inline namespace literals {

/// Bytes over the literal itself.
/// Cost: no allocation; copies do not count owners.
[[nodiscard]] inline Bytes operator""_b(const char* characters, std::size_t size) noexcept {
  if (size == 0) return {};
  return {detail::BlockRef(), reinterpret_cast<const std::byte*>(characters), size};
}

}  // namespace literals

namespace detail {

/// New Bytes of `size` bytes, which `fill(std::byte*)` sets.
template <class Fill>
[[nodiscard]] Bytes make_bytes(std::size_t size, Fill&& fill,
                               CopyReason reason = CopyReason::GetValue) {
  if (size == 0) return {};
  BlockRef block = new_heap_block(size);
  std::byte* const data = block->data;
  std::forward<Fill>(fill)(data);
  count_copied(reason, size);
  return {std::move(block), data, size};
}

}  // namespace detail
}  // namespace quire

/// Equal for equal content, and to the hash of the same characters as a std::string_view. Looks up
/// any bytes in a container whose equality is std::equal_to<>.
template <>
struct std::hash<quire::Bytes> {
  using is_transparent = void;

  [[nodiscard]] std::size_t operator()(quire::ByteSpan bytes) const noexcept {
    return std::hash<std::string_view>()(bytes.as_chars());
  }
};
