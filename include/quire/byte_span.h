// ByteSpan and MutableByteSpan: the one parameter type for bytes that go in, and for room to fill.
//
// Lifetime: both borrow; they are parameters, not members. What they are made from must outlive the
// call. Thread: values, no sharing.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <ranges>
#include <span>
#include <string_view>
#include <type_traits>

#include "quire/detail/export.h"

namespace quire {

class ByteSpan;
class MutableByteSpan;

namespace detail {

template <class T>
concept ByteLike = (std::same_as<std::remove_cv_t<T>, char> ||
                    std::same_as<std::remove_cv_t<T>, unsigned char> ||
                    std::same_as<std::remove_cv_t<T>, std::byte> ||
                    std::same_as<std::remove_cv_t<T>, char8_t>);

template <class T>
concept ByteLikePointer = std::is_pointer_v<T> && ByteLike<std::remove_pointer_t<T>>;

template <class R>
concept ByteRange =
    !std::is_array_v<std::remove_cvref_t<R>> && !std::same_as<std::remove_cvref_t<R>, ByteSpan> &&
    !std::same_as<std::remove_cvref_t<R>, MutableByteSpan> && std::ranges::contiguous_range<R> &&
    std::ranges::sized_range<R> && ByteLike<std::ranges::range_value_t<R>>;

template <class R>
concept MutableByteRange =
    ByteRange<R> && !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>;

}  // namespace detail

/// Read-only bytes handed to a function: made implicitly from any contiguous range of `char`,
/// `unsigned char`, `std::byte` or `char8_t`, so from strings, vectors, arrays, spans, Bytes,
/// ByteArray and contiguous views.
///
/// A string literal means its characters without the closing NUL, NULs inside included.
class ByteSpan {
 public:
  using value_type = std::byte;

  constexpr ByteSpan() noexcept = default;

  constexpr ByteSpan(const std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}

  /// No bytes; without this one nullptr would fit a pointer to bytes as well as one to void.
  /// REQUIRES: size == 0
  constexpr ByteSpan(std::nullptr_t, std::size_t size) noexcept : size_(size) {}

  /// `size` bytes of any memory.
  ByteSpan(const void* data, std::size_t size) noexcept
      : data_(static_cast<const std::byte*>(data)), size_(size) {}

  // NOLINTBEGIN(google-explicit-constructor): a parameter type that arguments become by themselves
  template <detail::ByteRange R>
  ByteSpan(const R& range QUIRE_LIFETIMEBOUND) noexcept
      : data_(reinterpret_cast<const std::byte*>(std::ranges::data(range))),
        size_(std::ranges::size(range)) {}

  /// A literal: a closing NUL is the compiler's and does not count. No other constant array of
  /// characters can be told from one: what ends in a NUL of its own needs ByteSpan(p, n).
  template <detail::ByteLike T, std::size_t N>
  requires std::same_as<T, char> || std::same_as<T, char8_t> ByteSpan(const T (&array)[N])
  noexcept
      : data_(reinterpret_cast<const std::byte*>(array)), size_(array[N - 1] == T{} ? N - 1 : N) {}

  /// A buffer of the caller's: all N bytes.
  template <detail::ByteLike T, std::size_t N>
  ByteSpan(T (&array)[N]) noexcept : data_(reinterpret_cast<const std::byte*>(array)), size_(N) {}

  template <detail::ByteLike T, std::size_t N>
  requires std::same_as<T, unsigned char> || std::same_as<T, std::byte> ByteSpan(
      const T (&array)[N])
  noexcept : data_(reinterpret_cast<const std::byte*>(array)), size_(N) {}

  // A bare pointer does not say how many bytes it means: pass std::string_view(p) for a C string,
  // or ByteSpan(p, n).
  template <detail::ByteLikePointer P>
  ByteSpan(const P& pointer) = delete;
  ByteSpan(std::nullptr_t) = delete;
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] constexpr const std::byte* data() const noexcept { return data_; }

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] constexpr const std::byte* begin() const noexcept { return data_; }

  [[nodiscard]] constexpr const std::byte* end() const noexcept { return data_ + size_; }

  /// REQUIRES: i < size()
  [[nodiscard]] constexpr std::byte operator[](std::size_t i) const noexcept { return data_[i]; }

  /// REQUIRES: offset + count <= size()
  [[nodiscard]] constexpr ByteSpan subspan(std::size_t offset, std::size_t count) const noexcept {
    return {data_ + offset, count};
  }

  /// REQUIRES: offset <= size()
  [[nodiscard]] constexpr ByteSpan subspan(std::size_t offset) const noexcept {
    return {data_ + offset, size_ - offset};
  }

  /// The same bytes as characters.
  [[nodiscard]] std::string_view as_chars() const noexcept {
    return {reinterpret_cast<const char*>(data_), size_};
  }

  /// Same bytes.
  [[nodiscard]] friend bool operator==(ByteSpan a, ByteSpan b) noexcept {
    return a.size_ == b.size_ && (a.size_ == 0 || std::memcmp(a.data_, b.data_, a.size_) == 0);
  }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Room for a function to fill: made implicitly from any contiguous range of bytes that may be
/// written to, and from contiguous MutableMemoryViews.
class MutableByteSpan {
 public:
  using value_type = std::byte;

  constexpr MutableByteSpan() noexcept = default;

  constexpr MutableByteSpan(std::byte* data, std::size_t size) noexcept
      : data_(data), size_(size) {}

  /// No room. REQUIRES: size == 0
  constexpr MutableByteSpan(std::nullptr_t, std::size_t size) noexcept : size_(size) {}

  /// `size` bytes of any memory.
  MutableByteSpan(void* data, std::size_t size) noexcept
      : data_(static_cast<std::byte*>(data)), size_(size) {}

  // NOLINTBEGIN(google-explicit-constructor, bugprone-forwarding-reference-overload): a parameter type
  // that arguments become by themselves; the concept refuses the class itself
  template <class R>
  requires detail::MutableByteRange<R> MutableByteSpan(R&& range QUIRE_LIFETIMEBOUND)
  noexcept
      : data_(reinterpret_cast<std::byte*>(std::ranges::data(range))),
        size_(std::ranges::size(range)) {}

  template <detail::ByteLike T, std::size_t N>
  requires(!std::is_const_v<T>) MutableByteSpan(T (&array)[N])
  noexcept : data_(reinterpret_cast<std::byte*>(array)), size_(N) {}

  // A bare pointer does not say how many bytes may be written: pass MutableByteSpan(p, n).
  template <detail::ByteLikePointer P>
  MutableByteSpan(const P& pointer) = delete;
  MutableByteSpan(std::nullptr_t) = delete;
  // NOLINTEND(google-explicit-constructor, bugprone-forwarding-reference-overload)

  [[nodiscard]] constexpr std::byte* data() const noexcept { return data_; }

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }

  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }

  [[nodiscard]] constexpr std::byte* begin() const noexcept { return data_; }

  [[nodiscard]] constexpr std::byte* end() const noexcept { return data_ + size_; }

  /// REQUIRES: i < size()
  [[nodiscard]] constexpr std::byte& operator[](std::size_t i) const noexcept { return data_[i]; }

  /// REQUIRES: offset + count <= size()
  [[nodiscard]] constexpr MutableByteSpan subspan(std::size_t offset,
                                                  std::size_t count) const noexcept {
    return {data_ + offset, count};
  }

  /// REQUIRES: offset <= size()
  [[nodiscard]] constexpr MutableByteSpan subspan(std::size_t offset) const noexcept {
    return {data_ + offset, size_ - offset};
  }

  // NOLINTNEXTLINE(google-explicit-constructor): room to fill can be read
  constexpr operator ByteSpan() const noexcept { return {data_, size_}; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace quire

template <>
inline constexpr bool std::ranges::enable_borrowed_range<quire::ByteSpan> = true;
template <>
inline constexpr bool std::ranges::enable_borrowed_range<quire::MutableByteSpan> = true;
