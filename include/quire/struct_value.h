// StructValue: one value of an unpacked row, whatever its format said it was.
//
// Lifetime: a value; bytes in it are its own share. Thread: as std::variant.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <type_traits>
#include <utility>
#include <variant>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"

namespace quire {
namespace detail {

/// Integer types that are numbers, not characters.
template <class T>
concept StructInteger = std::integral<T> && sizeof(T) <= 8 && !std::same_as<T, bool> &&
                        !std::same_as<T, char> && !std::same_as<T, wchar_t> &&
                        !std::same_as<T, char8_t> && !std::same_as<T, char16_t> &&
                        !std::same_as<T, char32_t>;

/// Bytes in any shape but Bytes itself.
template <class T>
concept StructBytes = std::convertible_to<const T&, ByteSpan> && !std::same_as<T, Bytes>;

}  // namespace detail

/// An integer, a float, a bool or bytes. Equal by value, as in Python: 1 == 1u == 1.0 == true.
class QUIRE_API StructValue {
 public:
  using Variant = std::variant<std::int64_t, std::uint64_t, double, bool, Bytes>;

  // NOLINTBEGIN(google-explicit-constructor): a parameter type that arguments become by themselves
  template <detail::StructInteger T>
  StructValue(T value) noexcept
      : value_(static_cast<std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>(
            value)) {}

  template <std::same_as<bool> T>
  StructValue(T value) noexcept : value_(value) {}

  StructValue(double value) noexcept : value_(value) {}

  StructValue(Bytes value) noexcept : value_(std::move(value)) {}

  /// A copy of the bytes.
  template <detail::StructBytes T>
  StructValue(const T& value) : value_(Bytes(ByteSpan(value))) {}
  // NOLINTEND(google-explicit-constructor)

  /// The value as a T: an integer type, bool, double, Bytes or ByteSpan (which points into this).
  /// Errors: TypeError for a value of another kind; std::length_error for an integer too large.
  template <class T>
  [[nodiscard]] T get() const QUIRE_LIFETIMEBOUND {
    if constexpr (detail::StructInteger<T>) {
      return static_cast<T>(integer(sizeof(T), std::is_signed_v<T>));
    } else if constexpr (std::same_as<T, bool>) {
      return boolean();
    } else if constexpr (std::same_as<T, double>) {
      return number();
    } else {
      static_assert(std::same_as<T, Bytes> || std::same_as<T, ByteSpan>,
                    "a StructValue is an integer, bool, double, Bytes or ByteSpan");
      return T(bytes());
    }
  }

  /// For std::visit.
  [[nodiscard]] const Variant& variant() const noexcept QUIRE_LIFETIMEBOUND { return value_; }

  [[nodiscard]] friend bool operator==(const StructValue& a, const StructValue& b) noexcept {
    return a.equals(b);
  }

  /// As Python's repr.
  QUIRE_API friend std::ostream& operator<<(std::ostream& out, const StructValue& value);

 private:
  [[nodiscard]] std::uint64_t integer(std::size_t size, bool is_signed) const;
  [[nodiscard]] bool boolean() const;
  [[nodiscard]] double number() const;
  [[nodiscard]] const Bytes& bytes() const;
  [[nodiscard]] bool equals(const StructValue& other) const noexcept;

  Variant value_;
};

}  // namespace quire
