// What stands between struct.h's templates and its code: a format's items, and values on their way.
//
// Lifetime: everything here borrows for the length of one call. Thread: values, no sharing.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/detail/export.h"
#include "quire/struct_value.h"

namespace quire::detail {

/// One argument of pack.
struct PackArgument {
  enum class Kind : std::uint8_t { Signed, Unsigned, Float, Bool, Bytes };

  static PackArgument of_signed(std::int64_t value) noexcept {
    return {Kind::Signed, static_cast<std::uint64_t>(value), 0, {}};
  }

  static PackArgument of_unsigned(std::uint64_t value) noexcept {
    return {Kind::Unsigned, value, 0, {}};
  }

  static PackArgument of_bool(bool value) noexcept { return {Kind::Bool, value ? 1u : 0u, 0, {}}; }

  static PackArgument of_float(double value) noexcept { return {Kind::Float, 0, value, {}}; }

  static PackArgument of_bytes(ByteSpan value) noexcept { return {Kind::Bytes, 0, 0, value}; }

  Kind kind;
  std::uint64_t integer;
  double number;
  ByteSpan bytes;
};

/// `count` values of `size` bytes each, from `offset` on. For s and p one value, whatever the size.
struct StructItem {
  char code;
  bool native;
  std::endian order;
  std::size_t offset;
  std::size_t size;
  std::size_t count;
};

/// Reads the items off a format's text, and knows the size of what it has read. Items without a
/// value (x, a count of 0) are passed over, their bytes and alignment count.
class StructReader {
 public:
  explicit StructReader(std::string_view format) noexcept;

  /// Errors: StructError; false at the end.
  bool next(StructItem& item);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  [[nodiscard]] std::size_t read_count();

  const char* at_;
  const char* end_;
  std::size_t size_ = 0;
  bool native_ = true;
  std::endian order_ = std::endian::native;
};

/// A format that is known to be right: its text, and the items if a Struct has made them.
struct StructFormat {
  /// Errors: StructError.
  QUIRE_API explicit StructFormat(std::string_view format);

  StructFormat(std::string_view format, const StructItem* compiled, std::size_t bytes,
               std::size_t values) noexcept
      : text(format), items(compiled), size(bytes), count(values) {}

  std::string_view text;
  const StructItem* items = nullptr;
  std::size_t size = 0;
  std::size_t count = 0;
};

/// One value's bytes.
struct StructField {
  char code;
  bool native;
  std::endian order;
  std::size_t size;
  const std::byte* data;
};

/// Walks the values of a row.
class StructCursor {
 public:
  QUIRE_API StructCursor(const StructFormat& format, const std::byte* row) noexcept;

  /// REQUIRES: called at most format.count times
  QUIRE_API StructField next();

 private:
  StructReader text_;
  const StructItem* items_;
  StructItem item_{};
  std::size_t left_ = 0;
  const std::byte* row_;
};

/// Errors: StructError, std::length_error, std::bad_alloc, as for the next.
[[nodiscard]] QUIRE_API Bytes pack_bytes(const StructFormat& format,
                                         std::span<const PackArgument> values);

/// Checks every value before the first byte of `target` changes.
QUIRE_API void pack_into(const StructFormat& format, MutableByteSpan target, std::ptrdiff_t offset,
                         std::span<const PackArgument> values);

/// `data` as one row. Errors: StructError when it has another size.
[[nodiscard]] QUIRE_API const std::byte* whole_row(const StructFormat& format, ByteSpan data);

/// The row at `offset`. Errors: StructError when it does not fit into `data`.
[[nodiscard]] QUIRE_API const std::byte* row_at(const StructFormat& format, ByteSpan data,
                                                std::ptrdiff_t offset);

/// Errors: StructError unless `size` bytes are a whole number of rows.
QUIRE_API void check_rows(const StructFormat& format, std::size_t size);

[[noreturn]] QUIRE_API void throw_unpack_count(std::size_t types, std::size_t values);

// A field as a type that is `size` bytes wide. Errors: TypeError when the type could not hold every
// value of the field's format.

/// Sign or zero extended to 64 bits.
[[nodiscard]] QUIRE_API std::uint64_t integer_field(const StructField& field, std::size_t size,
                                                    bool is_signed);
[[nodiscard]] QUIRE_API double float_field(const StructField& field, std::size_t size);
[[nodiscard]] QUIRE_API bool bool_field(const StructField& field);
[[nodiscard]] QUIRE_API char char_field(const StructField& field);
[[nodiscard]] QUIRE_API ByteSpan bytes_field(const StructField& field);

// --- templates that struct.h shares --------------------------------------------------------------

/// What pack takes: integers, floats, bool, StructValue, and bytes in any shape that ByteSpan
/// takes. A char is one byte, as for the format `c`; std::byte is a number.
template <class T>
concept Packable = StructInteger<T> || std::same_as<T, bool> || std::same_as<T, char> ||
    std::same_as<T, std::byte> || std::same_as<T, float> || std::same_as<T, double> ||
    std::same_as<T, StructValue> || std::convertible_to<const T&, ByteSpan>;

/// What unpack gives by type; `float` takes e and f, `char` takes c, `std::byte` takes B.
template <class T>
concept Unpackable = StructInteger<T> || std::same_as<T, bool> || std::same_as<T, char> ||
    std::same_as<T, std::byte> || std::same_as<T, float> || std::same_as<T, double> ||
    std::same_as<T, Bytes> || std::same_as<T, std::string> || std::same_as<T, ByteSpan> ||
    std::same_as<T, std::string_view>;

/// Of those, what keeps its bytes when the data goes.
template <class T>
concept OwningUnpackable =
    Unpackable<T> && !std::same_as<T, ByteSpan> && !std::same_as<T, std::string_view>;

/// A stream, seen from a layer below streams.
template <class S>
concept ByteSource = requires(S& source, std::ptrdiff_t size) {
  { source.read(size) } -> std::convertible_to<Bytes>;
};

template <class S>
concept ByteSink = requires(S& sink, ByteSpan data) {
  { sink.write(data) } -> std::convertible_to<std::size_t>;
};

[[nodiscard]] QUIRE_API PackArgument pack_argument_of(const StructValue& value);

template <Packable T>
PackArgument pack_argument(const T& value) {
  if constexpr (std::same_as<T, StructValue>) {
    return pack_argument_of(value);
  } else if constexpr (std::same_as<T, bool>) {
    return PackArgument::of_bool(value);
  } else if constexpr (std::same_as<T, char>) {
    return PackArgument::of_bytes(ByteSpan(&value, 1));
  } else if constexpr (std::same_as<T, std::byte>) {
    return PackArgument::of_unsigned(static_cast<unsigned char>(value));
  } else if constexpr (std::is_floating_point_v<T>) {
    return PackArgument::of_float(value);
  } else if constexpr (StructInteger<T> && std::is_signed_v<T>) {
    return PackArgument::of_signed(value);
  } else if constexpr (StructInteger<T>) {
    return PackArgument::of_unsigned(value);
  } else {
    return PackArgument::of_bytes(ByteSpan(value));
  }
}

template <Packable... Args>
std::array<PackArgument, sizeof...(Args)> pack_arguments(const Args&... args) {
  return {pack_argument(args)...};
}

[[nodiscard]] QUIRE_API std::vector<PackArgument> pack_arguments_of(
    std::span<const StructValue> values);

template <Unpackable T>
T field_as(const StructField& field) {
  if constexpr (StructInteger<T>) {
    return static_cast<T>(integer_field(field, sizeof(T), std::is_signed_v<T>));
  } else if constexpr (std::same_as<T, std::byte>) {
    return static_cast<std::byte>(integer_field(field, 1, false));
  } else if constexpr (std::same_as<T, bool>) {
    return bool_field(field);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(float_field(field, sizeof(T)));
  } else if constexpr (std::same_as<T, char>) {
    return char_field(field);
  } else if constexpr (std::same_as<T, Bytes>) {
    return Bytes(bytes_field(field));
  } else if constexpr (std::same_as<T, ByteSpan>) {
    return bytes_field(field);
  } else {
    return T(bytes_field(field).as_chars());
  }
}

/// One row into types. REQUIRES: `data` holds format.size bytes
template <Unpackable... T>
std::tuple<T...> unpack_typed(const StructFormat& format, const std::byte* data) {
  if (format.count != sizeof...(T)) throw_unpack_count(sizeof...(T), format.count);
  StructCursor cursor(format, data);
  // Braces: the order of evaluation is that of the types.
  return std::tuple<T...>{field_as<T>(cursor.next())...};
}

[[nodiscard]] QUIRE_API std::vector<StructValue> unpack_values(const StructFormat& format,
                                                               const std::byte* data);

/// A row as `Row` wants it: dynamic, or a tuple.
template <class Row>
struct RowReader {
  static Row read(const StructFormat& format, const std::byte* data) {
    return unpack_values(format, data);
  }
};

template <class... T>
struct RowReader<std::tuple<T...>> {
  static std::tuple<T...> read(const StructFormat& format, const std::byte* data) {
    return unpack_typed<T...>(format, data);
  }
};

}  // namespace quire::detail
