#include "quire/struct.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "quire/detail/block.h"
#include "quire/detail/bytes_algorithms.h"
#include "quire/detail/endian.h"
#include "quire/detail/half.h"
#include "quire/error.h"
#include "quire/ledger.h"

namespace quire {
namespace detail {
namespace {

using Kind = PackArgument::Kind;

/// Python's sizes are signed: a row ends here at the latest.
constexpr auto kMaxRow = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());

/// Rows up to here are packed aside and then copied, which is cheaper than checking them first.
constexpr std::size_t kScratchSize = 256;

enum class CodeKind : std::uint8_t { None, Pad, Signed, Unsigned, Float, Bool, Char, String };

/// What a letter of a format means. Sizes and alignments are powers of two.
struct Code {
  CodeKind kind = CodeKind::None;
  std::uint8_t native_size = 0;
  std::uint8_t native_alignment = 1;
  std::uint8_t standard_size = 0;  ///< 0: native only
};

constexpr std::array<Code, 256> make_codes() {
  std::array<Code, 256> codes{};
  const auto add = [&codes]<class T>(T, char letter, CodeKind kind, std::uint8_t standard_size) {
    codes[static_cast<unsigned char>(letter)] = {kind, sizeof(T), alignof(T), standard_size};
  };
  add(char{}, 'x', CodeKind::Pad, 1);
  add(char{}, 'c', CodeKind::Char, 1);
  add(char{}, 's', CodeKind::String, 1);
  add(char{}, 'p', CodeKind::String, 1);
  add(bool{}, '?', CodeKind::Bool, 1);
  add(char{}, 'b', CodeKind::Signed, 1);
  add(char{}, 'B', CodeKind::Unsigned, 1);
  add(short{}, 'h', CodeKind::Signed, 2);
  add(short{}, 'H', CodeKind::Unsigned, 2);
  add(int{}, 'i', CodeKind::Signed, 4);
  add(int{}, 'I', CodeKind::Unsigned, 4);
  add(long{}, 'l', CodeKind::Signed, 4);
  add(long{}, 'L', CodeKind::Unsigned, 4);
  add(0LL, 'q', CodeKind::Signed, 8);
  add(0LL, 'Q', CodeKind::Unsigned, 8);
  add(std::size_t{}, 'n', CodeKind::Signed, 0);
  add(std::size_t{}, 'N', CodeKind::Unsigned, 0);
  add(std::uintptr_t{}, 'P', CodeKind::Unsigned, 0);
  add(short{}, 'e', CodeKind::Float, 2);
  add(float{}, 'f', CodeKind::Float, 4);
  add(double{}, 'd', CodeKind::Float, 8);
  return codes;
}

constexpr std::array<Code, 256> kCodes = make_codes();

constexpr const Code& code_of(char letter) {
  return kCodes[static_cast<unsigned char>(letter)];
}

constexpr CodeKind kind_of(char letter) {
  return code_of(letter).kind;
}

constexpr bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

[[noreturn]] void throw_row_too_long() {
  throw_struct("total struct size too long");
}

[[noreturn]] void throw_bad_char(char code) {
  if (code == 0) throw_struct("embedded null character");
  const auto letter = static_cast<std::byte>(code);
  throw_struct("bad char in struct format: " + algo::repr({&letter, 1}).substr(1));
}

}  // namespace

// --- reading formats -----------------------------------------------------------------------------

StructReader::StructReader(std::string_view format) noexcept
    : at_(format.data()), end_(format.data() + format.size()) {
  if (format.empty()) return;
  switch (*at_) {
    case '@':
      break;
    case '=':
      native_ = false;
      break;
    case '<':
      native_ = false;
      order_ = std::endian::little;
      break;
    case '>':
    case '!':
      native_ = false;
      order_ = std::endian::big;
      break;
    default:
      return;
  }
  ++at_;
}

std::size_t StructReader::read_count() {
  if (!is_digit(*at_)) return 1;
  std::size_t count = 0;
  for (; at_ != end_ && is_digit(*at_); ++at_) {
    const auto digit = static_cast<std::size_t>(*at_ - '0');
    if (count > (kMaxRow - digit) / 10) throw_row_too_long();
    count = 10 * count + digit;
  }
  if (at_ == end_) throw_struct("repeat count given without format specifier");
  return count;
}

bool StructReader::next(StructItem& item) {
  for (;;) {
    while (at_ != end_ && is_space(*at_)) ++at_;
    if (at_ == end_) return false;
    const std::size_t count = read_count();
    const char code = *at_++;
    const Code& meaning = code_of(code);
    const std::size_t size = native_ ? meaning.native_size : meaning.standard_size;
    if (size == 0) throw_bad_char(code);
    const std::size_t alignment = native_ ? meaning.native_alignment : 1;
    const std::size_t padding = (std::size_t{0} - size_) & (alignment - 1);
    if (padding > kMaxRow - size_) throw_row_too_long();
    const std::size_t offset = size_ + padding;
    if (count > (kMaxRow - offset) >> std::countr_zero(size)) throw_row_too_long();
    size_ = offset + count * size;
    const bool string = meaning.kind == CodeKind::String;
    if (meaning.kind == CodeKind::Pad || (count == 0 && !string)) continue;
    item = string ? StructItem{code, native_, order_, offset, count, 1}
                  : StructItem{code, native_, order_, offset, size, count};
    return true;
  }
}

// --- single values -------------------------------------------------------------------------------

namespace {

[[noreturn]] void throw_value_range(char code, std::size_t size, bool is_signed,
                                    const std::string& value) {
  const std::uint64_t all = ~std::uint64_t{0} >> (64 - 8 * size);
  std::string message = {'\'', code, '\''};
  message += " format requires ";
  message += is_signed ? "-" + std::to_string(all / 2 + 1) : "0";
  message += " <= number <= " + std::to_string(is_signed ? all / 2 : all) + ", got " + value;
  throw_struct(message);
}

[[noreturn]] void throw_float_too_large(const StructField& field, bool from_integer) {
  if (from_integer) throw_struct("int too large to convert");
  throw std::length_error(std::string("float too large to pack with ") + field.code + " format");
}

/// `value` as the bits of an integer of `field`'s format.
std::uint64_t checked_integer(const StructField& field, const PackArgument& value) {
  if (value.kind == Kind::Float || value.kind == Kind::Bytes) {
    throw_struct("required argument is not an integer");
  }
  const bool negative = value.kind == Kind::Signed && static_cast<std::int64_t>(value.integer) < 0;
  const bool is_signed = kind_of(field.code) == CodeKind::Signed;
  const std::uint64_t all = ~std::uint64_t{0} >> (64 - 8 * field.size);
  // A pointer may be written as the negative number that has its bits, as Python lets it.
  const bool fits = negative ? (is_signed || field.code == 'P') && ~value.integer <= all / 2
                             : value.integer <= (is_signed ? all / 2 : all);
  if (!fits) {
    throw_value_range(field.code, field.size, is_signed,
                      negative ? std::to_string(static_cast<std::int64_t>(value.integer))
                               : std::to_string(value.integer));
  }
  return value.integer;
}

double checked_float(const PackArgument& value) {
  switch (value.kind) {
    case Kind::Float:
      return value.number;
    case Kind::Signed:
      return static_cast<double>(static_cast<std::int64_t>(value.integer));
    case Kind::Bytes:
      throw_struct("required argument is not a float");
    default:
      return static_cast<double>(value.integer);
  }
}

ByteSpan checked_bytes(const StructField& field, const PackArgument& value) {
  if (value.kind == Kind::Bytes) return value.bytes;
  throw_struct(std::string("argument for '") + field.code + "' must be a bytes object");
}

bool truth(const PackArgument& value) {
  switch (value.kind) {
    case Kind::Float:
      return value.number != 0;
    case Kind::Bytes:
      return !value.bytes.empty();
    default:
      return value.integer != 0;
  }
}

std::uint64_t load_bits(const StructField& field) {
  switch (field.size) {
    case 1:
      return load<std::uint8_t>(field.data);
    case 2:
      return load<std::uint16_t>(field.data, field.order);
    case 4:
      return load<std::uint32_t>(field.data, field.order);
    default:
      return load<std::uint64_t>(field.data, field.order);
  }
}

void store_bits(std::uint64_t bits, const StructField& field, std::byte* out) {
  switch (field.size) {
    case 1:
      return store(out, static_cast<std::uint8_t>(bits));
    case 2:
      return store(out, static_cast<std::uint16_t>(bits), field.order);
    case 4:
      return store(out, static_cast<std::uint32_t>(bits), field.order);
    default:
      return store(out, bits, field.order);
  }
}

std::uint64_t float_bits(const StructField& field, double value, bool from_integer) {
  if (field.size == 8) return std::bit_cast<std::uint64_t>(value);
  if (field.size == 4) {
    const auto single = static_cast<float>(value);
    // Python's native format takes what is too large, as an infinity; the others do not.
    if (!field.native && std::isinf(single) && !std::isinf(value))
      throw_float_too_large(field, from_integer);
    return std::bit_cast<std::uint32_t>(single);
  }
  const std::optional<std::uint16_t> half = half_from_double(value);
  if (!half) throw_float_too_large(field, from_integer);
  return *half;
}

/// Room that holds zeros takes the bytes: the rest of `field` stays zero.
void store_string(const StructField& field, ByteSpan bytes, std::byte* out) {
  std::size_t count = std::min(bytes.size(), field.size);
  if (field.code == 'p') {
    if (field.size == 0) return;
    count = std::min(bytes.size(), field.size - 1);
    *out++ = static_cast<std::byte>(std::min<std::size_t>(count, 255));
  }
  if (count != 0) std::memcpy(out, bytes.data(), count);
  count_copied(CopyReason::Caller, count);
}

/// Checks `value`, and stores it at `out` unless that is null.
void encode(const StructField& field, const PackArgument& value, std::byte* out) {
  switch (kind_of(field.code)) {
    case CodeKind::String: {
      const ByteSpan bytes = checked_bytes(field, value);
      if (out != nullptr) store_string(field, bytes, out);
      return;
    }
    case CodeKind::Char:
      if (value.kind != Kind::Bytes || value.bytes.size() != 1) {
        throw_struct("char format requires a bytes object of length 1");
      }
      if (out != nullptr) *out = value.bytes[0];
      return;
    case CodeKind::Bool:
      if (out != nullptr) store_bits(truth(value) ? 1 : 0, field, out);
      return;
    case CodeKind::Float: {
      const double number = checked_float(value);
      const std::uint64_t bits = float_bits(field, number, value.kind != Kind::Float);
      if (out != nullptr) store_bits(bits, field, out);
      return;
    }
    default: {
      const std::uint64_t bits = checked_integer(field, value);
      if (out != nullptr) store_bits(bits, field, out);
    }
  }
}

void check_count(const StructFormat& format, std::size_t values, const char* function) {
  if (values == format.count) return;
  throw_struct(std::string(function) + " expected " + std::to_string(format.count) +
               " items for packing (got " + std::to_string(values) + ")");
}

/// Calls `visit(field)` for each value of a row.
template <class Visit>
void for_each_field(const StructFormat& format, const std::byte* row, Visit visit) {
  StructReader reader(format.text);
  const StructItem* compiled = format.items;
  StructItem item{};
  for (std::size_t left = format.count; left != 0; left -= item.count) {
    if (compiled != nullptr) {
      item = *compiled++;
    } else {
      reader.next(item);
    }
    StructField field{item.code, item.native, item.order, item.size, row + item.offset};
    for (std::size_t i = 0; i < item.count; ++i, field.data += field.size) visit(field);
  }
}

/// REQUIRES: as many values as the format has; `row` holds format.size bytes
void encode_row(const StructFormat& format, std::span<const PackArgument> values, std::byte* row) {
  if (format.size != 0) std::memset(row, 0, format.size);
  const PackArgument* value = values.data();
  for_each_field(format, row, [&](const StructField& field) {
    encode(field, *value++, row + (field.data - row));
  });
}

/// Words that differ between packing and unpacking.
struct Wording {
  const char* function;
  const char* gerund;
  const char* too_short;
};

constexpr Wording kPacking{"pack_into", "packing", "no space to pack "};
constexpr Wording kUnpacking{"unpack_from", "unpacking", "not enough data to unpack "};

/// Where a row that Python's `offset` names begins in `size` bytes.
std::size_t row_offset(const StructFormat& format, std::size_t size, std::ptrdiff_t offset,
                       const Wording& words) {
  std::size_t at = static_cast<std::size_t>(offset);
  if (offset < 0) {
    const std::size_t back = std::size_t{0} - at;
    if (format.size > back) {
      throw_struct(words.too_short + std::to_string(format.size) + " bytes at offset " +
                   std::to_string(offset));
    }
    if (back > size) {
      throw_struct("offset " + std::to_string(offset) + " out of range for " +
                   std::to_string(size) + "-byte buffer");
    }
    at = size - back;
  }
  if (at > size || size - at < format.size) {
    throw_struct(std::string(words.function) + " requires a buffer of at least " +
                 std::to_string(at + format.size) + " bytes for " + words.gerund + " " +
                 std::to_string(format.size) + " bytes at offset " + std::to_string(at) +
                 " (actual buffer size is " + std::to_string(size) + ")");
  }
  return at;
}

std::int64_t sign_extended(std::uint64_t bits, std::size_t size) {
  const auto shift = static_cast<int>(64 - 8 * size);
  return static_cast<std::int64_t>(bits << shift) >> shift;
}

double load_float(const StructField& field) {
  const std::uint64_t bits = load_bits(field);
  if (field.size == 8) return std::bit_cast<double>(bits);
  if (field.size == 4) return std::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return half_to_double(static_cast<std::uint16_t>(bits));
}

ByteSpan load_string(const StructField& field) {
  if (field.code == 's') return {field.data, field.size};
  if (field.size == 0) return {};
  return {field.data + 1, std::min(std::to_integer<std::size_t>(field.data[0]), field.size - 1)};
}

[[noreturn]] void throw_field_type(const StructField& field, const std::string& type) {
  throw_type(std::string("values of the format '") + field.code + "' (" +
             std::to_string(field.size) + " bytes) do not all fit into " + type);
}

StructValue load_value(const StructField& field) {
  switch (kind_of(field.code)) {
    case CodeKind::Signed:
      return sign_extended(load_bits(field), field.size);
    case CodeKind::Unsigned:
      return load_bits(field);
    case CodeKind::Float:
      return load_float(field);
    case CodeKind::Bool:
      return load_bits(field) != 0;
    case CodeKind::Char:
      return Bytes(ByteSpan(field.data, 1));
    default:
      return Bytes(load_string(field));
  }
}

}  // namespace

StructFormat::StructFormat(std::string_view format) : text(format) {
  StructReader reader(format);
  for (StructItem item; reader.next(item);) count += item.count;
  size = reader.size();
}

StructCursor::StructCursor(const StructFormat& format, const std::byte* row) noexcept
    : text_(format.text), items_(format.items), row_(row) {}

StructField StructCursor::next() {
  if (left_ == 0) {
    if (items_ != nullptr) {
      item_ = *items_++;
    } else {
      text_.next(item_);
    }
    left_ = item_.count;
  }
  const std::size_t done = item_.count - left_--;
  return {item_.code, item_.native, item_.order, item_.size,
          row_ + item_.offset + done * item_.size};
}

// --- rows ----------------------------------------------------------------------------------------

Bytes pack_bytes(const StructFormat& format, std::span<const PackArgument> values) {
  check_count(format, values.size(), "pack");
  if (format.size == 0) {
    std::byte none{};  // a place to write nothing to: "0s" still checks its value
    encode_row(format, values, &none);
    return {};
  }
  BlockRef block = new_heap_block(format.size);
  std::byte* row = block->data;
  encode_row(format, values, row);
  return {std::move(block), row, format.size};
}

void pack_into(const StructFormat& format, MutableByteSpan target, std::ptrdiff_t offset,
               std::span<const PackArgument> values) {
  check_count(format, values.size(), "pack_into");
  std::byte* row = target.data() + row_offset(format, target.size(), offset, kPacking);
  if (format.size <= kScratchSize) {
    std::byte scratch[kScratchSize];
    encode_row(format, values, scratch);
    if (format.size != 0) std::memcpy(row, scratch, format.size);
    return;
  }
  const PackArgument* value = values.data();
  for_each_field(format, row, [&](const StructField& field) { encode(field, *value++, nullptr); });
  encode_row(format, values, row);
}

const std::byte* whole_row(const StructFormat& format, ByteSpan data) {
  if (data.size() != format.size) {
    throw_struct("unpack requires a buffer of " + std::to_string(format.size) + " bytes, got " +
                 std::to_string(data.size()));
  }
  return data.data();
}

const std::byte* row_at(const StructFormat& format, ByteSpan data, std::ptrdiff_t offset) {
  return data.data() + row_offset(format, data.size(), offset, kUnpacking);
}

void check_rows(const StructFormat& format, std::size_t size) {
  if (format.size == 0) throw_struct("cannot iteratively unpack with a struct of length 0");
  if (size % format.size != 0) {
    throw_struct("iterative unpacking requires a buffer of a multiple of " +
                 std::to_string(format.size) + " bytes, got " + std::to_string(size));
  }
}

std::vector<StructValue> unpack_values(const StructFormat& format, const std::byte* data) {
  std::vector<StructValue> values;
  values.reserve(format.count);
  for_each_field(format, data,
                 [&](const StructField& field) { values.push_back(load_value(field)); });
  return values;
}

// --- values --------------------------------------------------------------------------------------

PackArgument pack_argument_of(const StructValue& value) {
  return std::visit([](const auto& v) { return pack_argument(v); }, value.variant());
}

std::vector<PackArgument> pack_arguments_of(std::span<const StructValue> values) {
  std::vector<PackArgument> arguments;
  arguments.reserve(values.size());
  for (const StructValue& value : values) arguments.push_back(pack_argument_of(value));
  return arguments;
}

void throw_unpack_count(std::size_t types, std::size_t values) {
  throw_struct("unpack expected " + std::to_string(types) + " values (the format has " +
               std::to_string(values) + ")");
}

std::uint64_t integer_field(const StructField& field, std::size_t size, bool is_signed) {
  const CodeKind kind = kind_of(field.code);
  const bool from_signed = kind == CodeKind::Signed;
  const bool fits =
      (from_signed || kind == CodeKind::Unsigned) &&
      (from_signed == is_signed ? field.size <= size : is_signed && field.size < size);
  if (!fits) {
    throw_field_type(field, "an integer of " + std::to_string(size) +
                                (is_signed ? " bytes, signed" : " bytes, unsigned"));
  }
  const std::uint64_t bits = load_bits(field);
  return from_signed ? static_cast<std::uint64_t>(sign_extended(bits, field.size)) : bits;
}

double float_field(const StructField& field, std::size_t size) {
  if (kind_of(field.code) != CodeKind::Float || field.size > size) {
    throw_field_type(field, "a float of " + std::to_string(size) + " bytes");
  }
  return load_float(field);
}

bool bool_field(const StructField& field) {
  if (field.code != '?') throw_field_type(field, "a bool");
  return load_bits(field) != 0;
}

char char_field(const StructField& field) {
  if (field.code != 'c') throw_field_type(field, "a char");
  return static_cast<char>(field.data[0]);
}

ByteSpan bytes_field(const StructField& field) {
  switch (kind_of(field.code)) {
    case CodeKind::Char:
      return {field.data, 1};
    case CodeKind::String:
      return load_string(field);
    default:
      throw_field_type(field, "bytes");
  }
}

}  // namespace detail

Struct::Struct(std::string_view format) : format_(format) {
  detail::StructReader reader(format_);
  for (detail::StructItem item; reader.next(item);) {
    items_.push_back(item);
    count_ += item.count;
  }
  size_ = reader.size();
}

}  // namespace quire
