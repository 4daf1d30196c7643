#include "quire/detail/view_core.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <ostream>

#include "quire/detail/bytes_algorithms.h"
#include "quire/ledger.h"

namespace quire::detail {

namespace {

constexpr const char* kNoDimensions = "invalid indexing of 0-dim memory";
constexpr const char* kSubViews = "multi-dimensional sub-views are not implemented";
constexpr const char* kStructures =
    "memoryview assignment: lvalue and rvalue have different structures";

bool aligned(const std::byte* first, const Layout& layout, std::size_t alignment) noexcept {
  if (layout.count() == 0) return true;
  if (reinterpret_cast<std::uintptr_t>(first) % alignment != 0) return false;
  return layout.count() == 1 || static_cast<std::size_t>(layout.stride()) % alignment == 0;
}

}  // namespace

Bytes ViewCore::tobytes(char order) const {
  check();
  if (order != 'C' && order != 'F' && order != 'A') {
    throw_invalid("order must be 'C', 'F' or 'A'");
  }
  const std::size_t size = nbytes();
  const bool as_it_lies =
      (order != 'F' && layout_.c_contiguous()) || (order != 'C' && layout_.f_contiguous());
  if (size != 0 && as_it_lies && buffer_.kind() == Buffer::Kind::Frozen) {
    count_shared(CopyReason::GetValue, size);
    return {BlockRef::share(buffer_.block()), first_, size};
  }
  return make_bytes(size, [&](std::byte* to) {
    if (as_it_lies) {
      std::memcpy(to, first_, size);
    } else {
      pack_items(to, first_, layout_, order != 'F');
    }
  });
}

std::string ViewCore::hex() const {
  return layout().c_contiguous() ? algo::hex(whole()) : algo::hex(tobytes());
}

std::string ViewCore::hex(std::string_view separator, std::ptrdiff_t bytes_per_sep) const {
  if (layout().c_contiguous()) return algo::hex(whole(), separator, bytes_per_sep);
  return algo::hex(tobytes(), separator, bytes_per_sep);
}

std::string ViewCore::repr() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  for (auto rest = reinterpret_cast<std::uintptr_t>(this); rest != 0; rest >>= 4) {
    digits.insert(digits.begin(), kDigits[rest & 15]);
  }
  return (released_ ? "<released memory at 0x" : "<memory at 0x") + digits + ">";
}

void ViewCore::release() noexcept {
  buffer_ = Buffer();
  first_ = nullptr;
  layout_ = Layout();
  released_ = true;
}

ViewCore::Window ViewCore::sliced_by_step(SliceBound start, SliceBound stop,
                                          std::ptrdiff_t step) const {
  if (layout().ndim() == 0) throw_type(kNoDimensions);
  const StridedRange part = resolve(start, stop, step, layout_.count());
  std::byte* const first = part.count == 0 ? first_ : first_ + part.start * layout_.stride();
  return {first, layout_.sliced(part)};
}

ViewCore::Window ViewCore::piece_of(Range part) const {
  const MutableByteSpan bytes = whole();
  if (part.count == 0) part.offset = 0;
  const Format format = is_byte_row() ? layout_.format() : Format();
  return {bytes.data() + part.offset, Layout(format, part.count)};
}

ViewCore::Window ViewCore::cast_to(std::string_view format) const {
  if (!layout().c_contiguous()) {
    throw_type("memoryview: casts are restricted to C-contiguous views");
  }
  if (layout_.ndim() != 1 && layout_.items() == 0) {
    throw_type("memoryview: cannot cast view with zeros in shape or strides");
  }
  const Format target(format);
  if (!layout_.format().is_byte() && !target.is_byte()) {
    throw_type("memoryview: cannot cast between two non-byte formats");
  }
  const std::size_t size = layout_.nbytes();
  if (size % target.itemsize() != 0) {
    throw_type("memoryview: length is not a multiple of itemsize (" + std::to_string(size) + ", " +
               std::to_string(target.itemsize()) + ")");
  }
  return {first_, Layout(target, size / target.itemsize())};
}

ViewCore::Window ViewCore::cast_to(std::string_view format,
                                   std::span<const std::ptrdiff_t> shape) const {
  if (!layout().c_contiguous()) {
    throw_type("memoryview: casts are restricted to C-contiguous views");
  }
  if (layout_.items() == 0) {
    throw_type("memoryview: cannot cast view with zeros in shape or strides");
  }
  if (layout_.ndim() != 1 && shape.size() != 1) {
    throw_type("memoryview: cast must be 1D -> ND or ND -> 1D");
  }
  Window window = cast_to(format);
  window.layout = Layout(window.layout.format(), shape);
  // The sizes may be in memory's reach and their bytes not: compared as items.
  const std::size_t itemsize = window.layout.format().itemsize();
  if (window.layout.items() != layout_.nbytes() / itemsize) {
    throw_type("memoryview: product(shape) * itemsize != buffer size (" +
               std::to_string(window.layout.items()) + " * " + std::to_string(itemsize) +
               " != " + std::to_string(layout_.nbytes()) + ")");
  }
  return window;
}

Layout ViewCore::typed(Format format, std::size_t alignment) const {
  const Format own = layout().format();
  const bool same_items = (own.kind() == format.kind() && own.itemsize() == format.itemsize()) ||
                          (own.is_byte() && format.is_byte());
  const auto items = [&]() -> Layout {
    if (same_items && layout_.ndim() == 1) return layout_;
    if (!layout_.c_contiguous()) {
      throw_type("memoryview: casts are restricted to C-contiguous views");
    }
    if (same_items) return Layout(format, layout_.items());
    return cast_to(format.text()).layout;
  };
  Layout result = items();
  if (!aligned(first_, result, alignment)) {
    throw BufferError("memoryview: memory is not aligned to " + std::to_string(alignment) +
                      " bytes, as items of format '" + format.code() +
                      "' must be (read them with get<T>, or copy with tobytes())");
  }
  return result;
}

ViewCore::Found ViewCore::find_items(ItemValue value, SliceBound start, SliceBound stop,
                                     bool all) const {
  const Format format = layout().format();
  if (layout_.ndim() == 0) throw_type(kNoDimensions);
  if (layout_.ndim() != 1) throw_unsupported(kSubViews);
  const Range range = resolve(start, stop, layout_.count());
  // A byte is found among bytes whatever sign the format gives them.
  const bool bytes = value.kind == ItemValue::Kind::Bytes;
  const Format compared = bytes && format.is_byte() ? Format("c") : format;
  Found found{0, npos};
  for (std::size_t i = range.offset; i < range.offset + range.count; ++i) {
    const std::byte* const item = first_ + static_cast<std::ptrdiff_t>(i) * layout_.stride();
    if (load_item(item, compared) != value) continue;
    if (found.count++ == 0) found.first = i;
    if (!all) break;
  }
  return found;
}

void ViewCore::assign_from(const ViewCore& source) const {
  check();
  source.check();
  if (layout_.format() != source.layout_.format() ||
      !std::ranges::equal(layout_.shape(), source.layout_.shape())) {
    throw_invalid(kStructures);
  }
  copy_items(first_, layout_, source.first_, source.layout_);
  count_copied(CopyReason::Caller, layout_.nbytes());
}

void ViewCore::assign_from(ByteSpan source) const {
  assign_from(ViewCore(Buffer::borrowed(source), Format()));
}

void ViewCore::fill_with(ItemValue value) const {
  check();
  std::array<std::byte, 8> item;
  store_item(item.data(), layout_.format(), value);
  fill_items(first_, layout_, item.data());
}

std::size_t ViewCore::content_hash() const {
  check();
  if (buffer_.kind() == Buffer::Kind::Live) {
    throw_invalid("cannot hash writable memoryview object");
  }
  if (!layout_.format().is_byte()) {
    throw_invalid("memoryview: hashing is restricted to formats 'B', 'b' or 'c'");
  }
  return std::hash<Bytes>()(layout_.c_contiguous() ? ByteSpan(whole()) : ByteSpan(tobytes()));
}

bool ViewCore::equals(ByteSpan bytes) const noexcept {
  return *this == ViewCore(Buffer::borrowed(bytes), Format());
}

void ViewCore::throw_format(Format wanted) const {
  throw_type(std::string("memoryview: items of format '") + layout_.format().code() +
             "' are not read as '" + wanted.code() + "'");
}

void ViewCore::throw_not_byte_row() const {
  check_length();
  if (layout_.ndim() != 1) throw_unsupported(kSubViews);
  throw_type(std::string("memoryview: items of format '") + layout_.format().code() +
             "' are not bytes (read them with get<T> or cast<T>)");
}

void ViewCore::check_length() const {
  check();
  if (layout_.ndim() == 0) throw_type("0-dim memory has no length");
}

std::ostream& operator<<(std::ostream& out, const ViewCore& view) {
  return out << view.repr();
}

}  // namespace quire::detail
