#include "quire/layout.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "quire/detail/half.h"
#include "quire/error.h"

namespace quire {

namespace {

struct Native {
  const char* spelling;
  Format::Kind kind;
  std::uint8_t itemsize;
};

constexpr Native kNative[] = {
    {"@B", Format::Kind::Unsigned, 1},
    {"@b", Format::Kind::Signed, 1},
    {"@c", Format::Kind::Bytes, 1},
    {"@h", Format::Kind::Signed, sizeof(short)},
    {"@H", Format::Kind::Unsigned, sizeof(short)},
    {"@i", Format::Kind::Signed, sizeof(int)},
    {"@I", Format::Kind::Unsigned, sizeof(int)},
    {"@l", Format::Kind::Signed, sizeof(long)},
    {"@L", Format::Kind::Unsigned, sizeof(long)},
    {"@q", Format::Kind::Signed, sizeof(long long)},
    {"@Q", Format::Kind::Unsigned, sizeof(long long)},
    {"@n", Format::Kind::Signed, sizeof(std::ptrdiff_t)},
    {"@N", Format::Kind::Unsigned, sizeof(std::size_t)},
    {"@f", Format::Kind::Float, sizeof(float)},
    {"@d", Format::Kind::Float, sizeof(double)},
    {"@e", Format::Kind::Float, 2},
    {"@P", Format::Kind::Unsigned, sizeof(void*)},
    {"@?", Format::Kind::Bool, sizeof(bool)},
};

[[noreturn]] void throw_format() {
  detail::throw_invalid(
      "memoryview: destination format must be a native single character format prefixed with an "
      "optional '@'");
}

}  // namespace

Format::Format(std::string_view text) {
  at_ = text.size() == 2 && text[0] == '@';
  if (text.size() != (at_ ? 2u : 1u)) throw_format();
  for (const Native& native : kNative) {
    if (native.spelling[1] != text.back()) continue;
    code_ = text.back();
    kind_ = native.kind;
    itemsize_ = native.itemsize;
    return;
  }
  throw_format();
}

std::string_view Format::text() const noexcept {
  const Native* native = kNative;
  while (native->spelling[1] != code_) ++native;
  return {native->spelling + (at_ ? 0 : 1)};
}

Layout::Layout(Format format, std::span<const std::ptrdiff_t> shape) : format_(format) {
  if (shape.size() > kMaxDimensions) {
    detail::throw_invalid("memoryview: number of dimensions must not exceed 64");
  }
  std::array<std::size_t, kMaxDimensions> sizes;
  std::array<std::ptrdiff_t, kMaxDimensions> strides;
  auto room = static_cast<std::size_t>(std::numeric_limits<std::ptrdiff_t>::max());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] <= 0) {
      detail::throw_invalid("memoryview.cast(): elements of shape must be integers > 0");
    }
    sizes[i] = static_cast<std::size_t>(shape[i]);
    if (sizes[i] > room) {
      detail::throw_invalid("memoryview.cast(): product(shape) > SSIZE_MAX");
    }
    room /= sizes[i];
  }
  auto stride = format.itemsize();
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = static_cast<std::ptrdiff_t>(stride);
    stride *= sizes[i];
  }
  set_dimensions({sizes.data(), shape.size()}, {strides.data(), shape.size()});
}

void Layout::set_dimensions(std::span<const std::size_t> shape,
                            std::span<const std::ptrdiff_t> strides) {
  const std::size_t ndim = shape.size();
  if (ndim > 1) {
    dimensions_ = detail::new_heap_block(ndim * (sizeof(std::size_t) + sizeof(std::ptrdiff_t)));
    std::memcpy(dimensions_->data, shape.data(), shape.size_bytes());
    std::memcpy(dimensions_->data + shape.size_bytes(), strides.data(), strides.size_bytes());
  }
  ndim_ = static_cast<std::uint8_t>(ndim);
  count_ = ndim == 0 ? 1 : shape[0];
  stride_ = ndim == 0 ? 0 : strides[0];
}

std::span<const std::size_t> Layout::shape() const noexcept {
  if (ndim_ <= 1) return {&count_, ndim_};
  return {reinterpret_cast<const std::size_t*>(dimensions_->data), ndim_};
}

std::span<const std::ptrdiff_t> Layout::strides() const noexcept {
  if (ndim_ <= 1) return {&stride_, ndim_};
  const std::byte* const behind_shape = dimensions_->data + ndim_ * sizeof(std::size_t);
  return {reinterpret_cast<const std::ptrdiff_t*>(behind_shape), ndim_};
}

std::size_t Layout::product() const noexcept {
  std::size_t items = 1;
  for (const std::size_t size : shape()) items *= size;
  return items;
}

bool Layout::is_contiguous(bool last_index_fastest) const noexcept {
  if (items() == 0) return true;
  const auto sizes = shape();
  const auto steps = strides();
  auto expected = static_cast<std::ptrdiff_t>(format_.itemsize());
  for (std::size_t n = 0; n < ndim_; ++n) {
    const std::size_t i = last_index_fastest ? ndim_ - 1 - n : n;
    if (sizes[i] != 1 && steps[i] != expected) return false;
    expected *= static_cast<std::ptrdiff_t>(sizes[i]);
  }
  return true;
}

Layout Layout::sliced(detail::StridedRange part) const {
  // Unsigned, as any step may be asked for where nothing lies behind it.
  const auto stride = static_cast<std::ptrdiff_t>(static_cast<std::size_t>(stride_) *
                                                  static_cast<std::size_t>(part.step));
  if (ndim_ <= 1) return {format_, part.count, stride};
  Layout result;
  result.format_ = format_;
  std::array<std::size_t, kMaxDimensions> sizes;
  std::array<std::ptrdiff_t, kMaxDimensions> steps;
  std::memcpy(sizes.data(), shape().data(), shape().size_bytes());
  std::memcpy(steps.data(), strides().data(), strides().size_bytes());
  sizes[0] = part.count;
  steps[0] = stride;
  result.set_dimensions({sizes.data(), ndim_}, {steps.data(), ndim_});
  return result;
}

std::ptrdiff_t Layout::offset_of(std::span<const std::ptrdiff_t> index) const {
  if (ndim_ == 0 && index.size() == 1) detail::throw_type("invalid indexing of 0-dim memory");
  if (index.size() > ndim_) {
    detail::throw_type("cannot index " + std::to_string(ndim_) + "-dimension view with " +
                       std::to_string(index.size()) + "-element tuple");
  }
  if (index.size() < ndim_) detail::throw_unsupported("sub-views are not implemented");
  const auto sizes = shape();
  const auto steps = strides();
  std::ptrdiff_t offset = 0;
  for (std::size_t i = 0; i < index.size(); ++i) {
    const std::ptrdiff_t from_start =
        index[i] < 0 ? index[i] + static_cast<std::ptrdiff_t>(sizes[i]) : index[i];
    if (from_start < 0 || static_cast<std::size_t>(from_start) >= sizes[i]) {
      detail::throw_dimension_index(index[i], i + 1, sizes[i]);
    }
    offset += from_start * steps[i];
  }
  return offset;
}

namespace detail {

namespace {

/// Walks `Count` layouts of the same shape at once, a row of the fastest dimension at a time:
/// `row(at, steps, size)`, where `at` and `steps` have one element a layout. Stops, and is false,
/// when a row is.
template <std::size_t Count, class Row>
bool walk_rows(const std::array<const Layout*, Count>& layouts, bool last_index_fastest,
               Row&& row) {
  const std::size_t ndim = layouts[0]->ndim();
  std::array<std::ptrdiff_t, Count> at{};
  std::array<std::ptrdiff_t, Count> steps{};
  if (layouts[0]->items() == 0) return true;
  if (ndim == 0) return row(at, steps, 1);
  std::array<std::size_t, kMaxDimensions> index{};
  const auto sizes = layouts[0]->shape();
  const std::size_t fastest = last_index_fastest ? ndim - 1 : 0;
  for (std::size_t k = 0; k < Count; ++k) steps[k] = layouts[k]->strides()[fastest];
  for (;;) {
    if (!row(at, steps, sizes[fastest])) return false;
    // The odometer: the next dimension that is not at its end goes one on, those before start over.
    std::size_t n = 1;
    for (; n < ndim; ++n) {
      const std::size_t i = last_index_fastest ? ndim - 1 - n : n;
      const bool wraps = ++index[i] == sizes[i];
      const auto turns = wraps ? 1 - static_cast<std::ptrdiff_t>(sizes[i]) : 1;
      for (std::size_t k = 0; k < Count; ++k) at[k] += turns * layouts[k]->strides()[i];
      if (!wraps) break;
      index[i] = 0;
    }
    if (n >= ndim) return true;
  }
}

/// Copies items of a size known to the compiler, which makes each a register's move.
template <std::size_t Size>
void copy_row(std::byte* to, std::ptrdiff_t to_step, const std::byte* from,
              std::ptrdiff_t from_step, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const auto n = static_cast<std::ptrdiff_t>(i);
    std::memcpy(to + n * to_step, from + n * from_step, Size);
  }
}

void copy_row(std::size_t size, std::byte* to, std::ptrdiff_t to_step, const std::byte* from,
              std::ptrdiff_t from_step, std::size_t count) noexcept {
  const auto gapless = static_cast<std::ptrdiff_t>(size);
  if (to_step == gapless && from_step == gapless) {
    std::memcpy(to, from, size * count);
    return;
  }
  switch (size) {
    case 1:
      return copy_row<1>(to, to_step, from, from_step, count);
    case 2:
      return copy_row<2>(to, to_step, from, from_step, count);
    case 4:
      return copy_row<4>(to, to_step, from, from_step, count);
    default:
      return copy_row<8>(to, to_step, from, from_step, count);
  }
}

/// The memory between the first and the last byte that any item has.
std::pair<const std::byte*, const std::byte*> extent(const std::byte* first,
                                                     const Layout& layout) noexcept {
  const std::byte* low = first;
  const std::byte* high = first + layout.format().itemsize();
  const auto sizes = layout.shape();
  const auto steps = layout.strides();
  for (std::size_t i = 0; i < layout.ndim(); ++i) {
    const std::ptrdiff_t reach = (static_cast<std::ptrdiff_t>(sizes[i]) - 1) * steps[i];
    (reach < 0 ? low : high) += reach;
  }
  return {low, high};
}

bool overlap(const std::byte* a, const Layout& a_layout, const std::byte* b,
             const Layout& b_layout) noexcept {
  const auto [a_low, a_high] = extent(a, a_layout);
  const auto [b_low, b_high] = extent(b, b_layout);
  return std::less<>()(a_low, b_high) && std::less<>()(b_low, a_high);
}

std::string text_of(ItemValue value) {
  switch (value.kind) {
    case ItemValue::Kind::Bytes:
      return "byte " + std::to_string(value.natural);
    case ItemValue::Kind::Signed:
      return std::to_string(value.integer);
    case ItemValue::Kind::Unsigned:
      return std::to_string(value.natural);
    default:
      break;
  }
  char text[32];  // the shortest digits that make a double need 24 characters at most
  return {text, std::to_chars(text, text + sizeof text, value.real).ptr};
}

[[noreturn]] void throw_value(Format format, ItemValue value) {
  throw_invalid(std::string("memoryview: invalid value for format '") + format.code() +
                "': " + text_of(value));
}

[[noreturn]] void throw_kind(Format format) {
  throw_type(std::string("memoryview: invalid type for format '") + format.code() + "'");
}

bool equal_integer(double real, ItemValue integer) noexcept {
  // Every double in these ranges converts exactly or not at all; 2^63 and 2^64 are doubles.
  if (std::trunc(real) != real) return false;
  if (integer.kind == ItemValue::Kind::Signed) {
    return real >= -0x1p63 && real < 0x1p63 && static_cast<std::int64_t>(real) == integer.integer;
  }
  return real >= 0 && real < 0x1p64 && static_cast<std::uint64_t>(real) == integer.natural;
}

void store_integer(std::byte* to, Format format, ItemValue value) {
  const std::size_t bits = 8 * format.itemsize();
  const bool negative = value.kind == ItemValue::Kind::Signed && value.integer < 0;
  if (format.kind() == Format::Kind::Unsigned) {
    // Python takes addresses of either sign.
    if (negative && format.code() != 'P') throw_value(format, value);
    if (bits < 64 && (value.natural >> bits) != 0) throw_value(format, value);
  } else {
    const std::uint64_t magnitude = negative ? ~value.natural : value.natural;
    if ((magnitude >> (bits - 1)) != 0) throw_value(format, value);
  }
  switch (format.itemsize()) {
    case 1:
      return store(to, static_cast<std::uint8_t>(value.natural));
    case 2:
      return store(to, static_cast<std::uint16_t>(value.natural));
    case 4:
      return store(to, static_cast<std::uint32_t>(value.natural));
    default:
      return store(to, value.natural);
  }
}

void store_float(std::byte* to, Format format, double value) {
  if (format.code() == 'd') return store(to, value);
  if (format.code() == 'f') return store(to, static_cast<float>(value));
  const auto half = half_from_double(value);
  if (!half) throw_value(format, ItemValue::of(value));
  store(to, *half);
}

double as_double(ItemValue value) noexcept {
  switch (value.kind) {
    case ItemValue::Kind::Float:
      return value.real;
    case ItemValue::Kind::Signed:
      return static_cast<double>(value.integer);
    default:
      return static_cast<double>(value.natural);
  }
}

}  // namespace

bool operator==(ItemValue a, ItemValue b) noexcept {
  using Kind = ItemValue::Kind;
  if (a.kind == Kind::Bytes || b.kind == Kind::Bytes) {
    return a.kind == b.kind && a.natural == b.natural;
  }
  if (a.kind == Kind::Float)
    return b.kind == Kind::Float ? a.real == b.real : equal_integer(a.real, b);
  if (b.kind == Kind::Float) return equal_integer(b.real, a);
  // The same bits, and not a negative one against a large one.
  return a.natural == b.natural && (a.kind == b.kind || a.integer >= 0);
}

ItemValue load_item(const std::byte* from, Format format) noexcept {
  switch (format.code()) {
    case 'c':
      return ItemValue::of(*from);
    case '?':
      return ItemValue::of(*from != std::byte{});
    case 'e':
      return ItemValue::of(half_to_double(load<std::uint16_t>(from)));
    case 'f':
      return ItemValue::of(load<float>(from));
    case 'd':
      return ItemValue::of(load<double>(from));
    default:
      break;
  }
  const bool is_signed = format.kind() == Format::Kind::Signed;
  switch (format.itemsize()) {
    case 1:
      return is_signed ? ItemValue::of(load<std::int8_t>(from))
                       : ItemValue::of(load<std::uint8_t>(from));
    case 2:
      return is_signed ? ItemValue::of(load<std::int16_t>(from))
                       : ItemValue::of(load<std::uint16_t>(from));
    case 4:
      return is_signed ? ItemValue::of(load<std::int32_t>(from))
                       : ItemValue::of(load<std::uint32_t>(from));
    default:
      return is_signed ? ItemValue::of(load<std::int64_t>(from))
                       : ItemValue::of(load<std::uint64_t>(from));
  }
}

void store_item(std::byte* to, Format format, ItemValue value) {
  const bool bytes = value.kind == ItemValue::Kind::Bytes;
  if (bytes != (format.kind() == Format::Kind::Bytes) && !(bytes && format.is_byte())) {
    throw_kind(format);
  }
  if (bytes) return store(to, static_cast<std::uint8_t>(value.natural));
  switch (format.kind()) {
    case Format::Kind::Bool:
      return store(to, static_cast<std::uint8_t>(as_double(value) != 0));
    case Format::Kind::Float:
      return store_float(to, format, as_double(value));
    default:
      break;
  }
  if (value.kind == ItemValue::Kind::Float) throw_kind(format);
  store_integer(to, format, value);
}

void throw_item_not_found(ItemValue value) {
  throw_invalid("memoryview.index(x): x not found: " + text_of(value));
}

bool equal_items(const std::byte* a, const Layout& a_layout, const std::byte* b,
                 const Layout& b_layout) noexcept {
  const Format format = a_layout.format();
  const bool same_bits = format.kind() == b_layout.format().kind() &&
                         format.itemsize() == b_layout.format().itemsize() &&
                         format.kind() != Format::Kind::Float &&
                         format.kind() != Format::Kind::Bool;
  if (same_bits && a_layout.c_contiguous() && b_layout.c_contiguous()) {
    const std::size_t size = a_layout.nbytes();
    return size == 0 || std::memcmp(a, b, size) == 0;
  }
  return walk_rows<2>({&a_layout, &b_layout}, true,
                      [&](const auto& at, const auto& steps, std::size_t count) {
                        for (std::size_t i = 0; i < count; ++i) {
                          const auto n = static_cast<std::ptrdiff_t>(i);
                          if (load_item(a + at[0] + n * steps[0], format) !=
                              load_item(b + at[1] + n * steps[1], b_layout.format())) {
                            return false;
                          }
                        }
                        return true;
                      });
}

void copy_items(std::byte* to, const Layout& to_layout, const std::byte* from,
                const Layout& from_layout) {
  const std::size_t size = from_layout.nbytes();
  if (size == 0) return;
  if (to_layout.c_contiguous() && from_layout.c_contiguous()) {
    std::memmove(to, from, size);
    return;
  }
  if (overlap(to, to_layout, from, from_layout)) {
    const BlockRef copy = new_heap_block(size);
    pack_items(copy->data, from, from_layout, true);
    const std::byte* source = copy->data;
    const std::size_t itemsize = to_layout.format().itemsize();
    walk_rows<1>({&to_layout}, true, [&](const auto& at, const auto& steps, std::size_t count) {
      copy_row(itemsize, to + at[0], steps[0], source, static_cast<std::ptrdiff_t>(itemsize),
               count);
      source += itemsize * count;
      return true;
    });
    return;
  }
  walk_rows<2>({&to_layout, &from_layout}, true,
               [&](const auto& at, const auto& steps, std::size_t count) {
                 copy_row(to_layout.format().itemsize(), to + at[0], steps[0], from + at[1],
                          steps[1], count);
                 return true;
               });
}

void pack_items(std::byte* to, const std::byte* from, const Layout& layout,
                bool last_index_fastest) noexcept {
  const std::size_t itemsize = layout.format().itemsize();
  walk_rows<1>({&layout}, last_index_fastest,
               [&](const auto& at, const auto& steps, std::size_t count) {
                 copy_row(itemsize, to, static_cast<std::ptrdiff_t>(itemsize), from + at[0],
                          steps[0], count);
                 to += itemsize * count;
                 return true;
               });
}

void fill_items(std::byte* to, const Layout& layout, const std::byte* item) noexcept {
  if (layout.format().itemsize() == 1 && layout.c_contiguous()) {
    if (layout.items() != 0) std::memset(to, static_cast<int>(*item), layout.items());
    return;
  }
  walk_rows<1>({&layout}, true, [&](const auto& at, const auto& steps, std::size_t count) {
    copy_row(layout.format().itemsize(), to + at[0], steps[0], item, 0, count);
    return true;
  });
}

}  // namespace detail
}  // namespace quire
