#include "quire/detail/bytes_algorithms.h"

#include <algorithm>
#include <cstring>

#include "quire/bytes.h"
#include "quire/error.h"

namespace quire::detail::algo {

namespace {

unsigned value_of(std::byte b) noexcept {
  return std::to_integer<unsigned>(b);
}

// ASCII whatever the locale says, as Python's bytes.
bool is_upper(std::byte b) noexcept {
  return value_of(b) - 'A' < 26U;
}

bool is_lower(std::byte b) noexcept {
  return value_of(b) - 'a' < 26U;
}

bool is_digit(std::byte b) noexcept {
  return value_of(b) - '0' < 10U;
}

bool is_alpha(std::byte b) noexcept {
  return (value_of(b) | 0x20) - 'a' < 26U;
}

bool is_space(std::byte b) noexcept {
  return b == std::byte{' '} || value_of(b) - '\t' < 5U;
}

std::byte to_upper(std::byte b) noexcept {
  return is_lower(b) ? b ^ std::byte{0x20} : b;
}

std::byte to_lower(std::byte b) noexcept {
  return is_upper(b) ? b ^ std::byte{0x20} : b;
}

std::byte to_other_case(std::byte b) noexcept {
  return is_alpha(b) ? b ^ std::byte{0x20} : b;
}

class ByteSet {
 public:
  explicit ByteSet(ByteSpan set) noexcept {
    for (const std::byte b : set) has_[value_of(b)] = true;
  }

  [[nodiscard]] bool has(std::byte b) const noexcept { return has_[value_of(b)]; }

 private:
  std::array<bool, 256> has_{};
};

void check_separator(ByteSpan separator) {
  if (separator.empty()) throw_invalid("empty separator");
}

/// Cuts still allowed; a negative limit is none.
std::size_t cuts(std::ptrdiff_t maxsplit) noexcept {
  return maxsplit < 0 ? npos : static_cast<std::size_t>(maxsplit);
}

std::vector<Range> split_whitespace(ByteSpan text, std::size_t cuts_left) {
  std::vector<Range> parts;
  std::size_t at = 0;
  const auto skip = [&](bool space) {
    while (at < text.size() && is_space(text[at]) == space) ++at;
  };
  for (skip(true); at < text.size(); skip(true)) {
    if (cuts_left-- == 0) {
      parts.push_back({at, text.size() - at});
      break;
    }
    const std::size_t from = at;
    skip(false);
    parts.push_back({from, at - from});
  }
  return parts;
}

std::vector<Range> rsplit_whitespace(ByteSpan text, std::size_t cuts_left) {
  std::vector<Range> parts;
  std::size_t at = text.size();
  const auto skip = [&](bool space) {
    while (at > 0 && is_space(text[at - 1]) == space) --at;
  };
  for (skip(true); at > 0; skip(true)) {
    if (cuts_left-- == 0) {
      parts.push_back({0, at});
      break;
    }
    const std::size_t to = at;
    skip(false);
    parts.push_back({at, to - at});
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

template <class Map>
Bytes mapped(ByteSpan text, Map map) {
  return make_bytes(text.size(),
                    [&](std::byte* out) { std::transform(text.begin(), text.end(), out, map); });
}

/// Copies and says where to go on.
std::byte* put(std::byte* out, ByteSpan data) noexcept {
  if (!data.empty()) std::memcpy(out, data.data(), data.size());
  return out + data.size();
}

Bytes pad(ByteSpan text, std::size_t left, std::size_t right, std::byte fill) {
  const std::size_t size = checked_add(checked_add(text.size(), left), right);
  return make_bytes(size, [&](std::byte* out) {
    std::fill_n(put(std::fill_n(out, left, fill), text), right, fill);
  });
}

/// Bytes that `text` lacks to `width`.
std::size_t lacking(ByteSpan text, std::ptrdiff_t width) noexcept {
  if (width < 0) return 0;
  const auto wanted = static_cast<std::size_t>(width);
  return wanted > text.size() ? wanted - text.size() : 0;
}

std::byte fill_byte(ByteSpan fill, const char* method) {
  if (fill.size() != 1) {
    throw_type(std::string(method) + "() argument 2 must be a byte string of length 1, not " +
               std::to_string(fill.size()) + " bytes");
  }
  return fill[0];
}

template <class Test>
bool all_of(ByteSpan text, Test test) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), test);
}

constexpr std::string_view kHexDigits = "0123456789abcdef";

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char* put_hex(char* out, std::byte b) noexcept {
  *out++ = kHexDigits[value_of(b) >> 4];
  *out++ = kHexDigits[value_of(b) & 15];
  return out;
}

void check_hex_separator(std::string_view separator) {
  const auto continues = [](char c) { return (c & 0xC0) == 0x80; };
  const bool one_character =
      separator.size() == 1 ||
      (!separator.empty() && std::all_of(separator.begin() + 1, separator.end(), continues));
  if (!one_character) throw_invalid("sep must be length 1.");
  if (separator.size() != 1 || (separator[0] & 0x80) != 0) throw_invalid("sep must be ASCII.");
}

}  // namespace

// --- searching -----------------------------------------------------------------------------------

std::size_t find(ByteSpan text, ByteSpan needle) noexcept {
  if (needle.empty()) return 0;
  if (needle.size() > text.size()) return npos;
#if defined(__GLIBC__) || defined(__APPLE__) || defined(__FreeBSD__)
  const void* const at = needle.size() == 1
                             ? std::memchr(text.data(), static_cast<int>(needle[0]), text.size())
                             : ::memmem(text.data(), text.size(), needle.data(), needle.size());
  if (at == nullptr) return npos;
  return static_cast<std::size_t>(static_cast<const std::byte*>(at) - text.data());
#else
  return text.as_chars().find(needle.as_chars());
#endif
}

namespace {

/// rfind() by find(), so linear where that is: windows from the end, each twice as long as the one
/// before, then the half with the last needle again and again.
std::size_t rfind_by_find(ByteSpan text, ByteSpan needle) noexcept {
  // Where needles begin, from here on. Each window has as many beginnings as the needle has bytes at
  // least, so that preparing the needle does not weigh more than searching.
  const std::size_t overlap = needle.size() - 1;
  const auto find_in = [&](std::size_t from, std::size_t to) {
    const std::size_t at = find(text.subspan(from, to - from + overlap), needle);
    return at == npos ? npos : from + at;
  };
  std::size_t from = text.size() - overlap;
  std::size_t to = from;
  std::size_t last = npos;
  for (std::size_t step = std::max(needle.size(), std::size_t{256}); last == npos; step *= 2) {
    if (from == 0) return npos;
    to = from;
    from -= std::min(from, step);
    last = find_in(from, to);
  }
  for (from = last + 1; from < to;) {
    const std::size_t middle = from + (to - from) / 2;
    const std::size_t later = find_in(middle, to);
    if (later == npos) {
      to = middle;
    } else {
      last = later;
      from = later + 1;
    }
  }
  return last;
}

}  // namespace

std::size_t rfind(ByteSpan text, ByteSpan needle) noexcept {
  if (needle.size() > text.size()) return npos;
  if (needle.empty()) return text.size();
#if defined(__GLIBC__) || defined(__FreeBSD__)
  // Only where the first byte stands can the needle begin. That is the fastest way unless that byte
  // is frequent: then comparisons, which cost `price` bytes of searching each, outweigh the search.
  const std::size_t all = text.size() - needle.size() + 1;
  const std::size_t price = 32 + needle.size() / 16;
  std::size_t candidates = all;
  for (std::size_t spent = 0; spent <= all - candidates + 1024; spent += price) {
    const void* const found = ::memrchr(text.data(), static_cast<int>(needle[0]), candidates);
    if (found == nullptr) return npos;
    const auto* const at = static_cast<const std::byte*>(found);
    const auto offset = static_cast<std::size_t>(at - text.data());
    if (std::memcmp(at, needle.data(), needle.size()) == 0) return offset;
    candidates = offset;
  }
  text = text.subspan(0, candidates + needle.size() - 1);
#endif
  return rfind_by_find(text, needle);
}

std::size_t find(ByteSpan text, ByteSpan needle, SliceBound start, SliceBound stop) noexcept {
  const auto part = window(start, stop, text.size());
  if (!part) return npos;
  const std::size_t at = find(text.subspan(part->offset, part->count), needle);
  return at == npos ? npos : at + part->offset;
}

std::size_t rfind(ByteSpan text, ByteSpan needle, SliceBound start, SliceBound stop) noexcept {
  const auto part = window(start, stop, text.size());
  if (!part) return npos;
  const std::size_t at = rfind(text.subspan(part->offset, part->count), needle);
  return at == npos ? npos : at + part->offset;
}

namespace {

[[noreturn]] void throw_not_found(ByteSpan needle) {
  throw_invalid("subsection not found: " + short_repr(needle));
}

}  // namespace

std::size_t index(ByteSpan text, ByteSpan needle, SliceBound start, SliceBound stop) {
  const std::size_t at = find(text, needle, start, stop);
  if (at == npos) throw_not_found(needle);
  return at;
}

std::size_t rindex(ByteSpan text, ByteSpan needle, SliceBound start, SliceBound stop) {
  const std::size_t at = rfind(text, needle, start, stop);
  if (at == npos) throw_not_found(needle);
  return at;
}

std::size_t count(ByteSpan text, ByteSpan needle, SliceBound start, SliceBound stop) noexcept {
  const auto part = window(start, stop, text.size());
  if (!part) return 0;
  if (needle.empty()) return part->count + 1;
  ByteSpan rest = text.subspan(part->offset, part->count);
  if (needle.size() == 1) {
    return static_cast<std::size_t>(std::count(rest.begin(), rest.end(), needle[0]));
  }
  std::size_t found = 0;
  for (std::size_t at; (at = find(rest, needle)) != npos; ++found) {
    rest = rest.subspan(at + needle.size());
  }
  return found;
}

bool startswith(ByteSpan text, ByteSpan prefix, SliceBound start, SliceBound stop) noexcept {
  const auto part = window(start, stop, text.size());
  return part && prefix.size() <= part->count &&
         text.subspan(part->offset, prefix.size()) == prefix;
}

bool endswith(ByteSpan text, ByteSpan suffix, SliceBound start, SliceBound stop) noexcept {
  const auto part = window(start, stop, text.size());
  return part && suffix.size() <= part->count &&
         text.subspan(part->offset + part->count - suffix.size(), suffix.size()) == suffix;
}

// --- parts ---------------------------------------------------------------------------------------

std::vector<Range> split(ByteSpan text, std::optional<ByteSpan> separator,
                         std::ptrdiff_t maxsplit) {
  if (!separator) return split_whitespace(text, cuts(maxsplit));
  check_separator(*separator);
  std::vector<Range> parts;
  std::size_t from = 0;
  for (std::size_t left = cuts(maxsplit); left != 0; --left) {
    const std::size_t at = find(text.subspan(from), *separator);
    if (at == npos) break;
    parts.push_back({from, at});
    from += at + separator->size();
  }
  parts.push_back({from, text.size() - from});
  return parts;
}

std::vector<Range> rsplit(ByteSpan text, std::optional<ByteSpan> separator,
                          std::ptrdiff_t maxsplit) {
  if (!separator) return rsplit_whitespace(text, cuts(maxsplit));
  check_separator(*separator);
  std::vector<Range> parts;
  std::size_t to = text.size();
  for (std::size_t left = cuts(maxsplit); left != 0; --left) {
    const std::size_t at = rfind(text.subspan(0, to), *separator);
    if (at == npos) break;
    const std::size_t from = at + separator->size();
    parts.push_back({from, to - from});
    to = at;
  }
  parts.push_back({0, to});
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<Range> splitlines(ByteSpan text, bool keepends) {
  std::vector<Range> lines;
  std::size_t from = 0;
  while (from < text.size()) {
    std::size_t end = from;
    while (end < text.size() && text[end] != std::byte{'\n'} && text[end] != std::byte{'\r'}) ++end;
    std::size_t next = end;
    if (next < text.size()) {
      const bool pair = text[next] == std::byte{'\r'} && next + 1 < text.size() &&
                        text[next + 1] == std::byte{'\n'};
      next += pair ? 2 : 1;
    }
    lines.push_back({from, (keepends ? next : end) - from});
    from = next;
  }
  return lines;
}

std::array<Range, 3> partition(ByteSpan text, ByteSpan separator) {
  check_separator(separator);
  const std::size_t at = find(text, separator);
  if (at == npos) return {Range{0, text.size()}, Range{text.size(), 0}, Range{text.size(), 0}};
  const std::size_t after = at + separator.size();
  return {Range{0, at}, Range{at, separator.size()}, Range{after, text.size() - after}};
}

std::array<Range, 3> rpartition(ByteSpan text, ByteSpan separator) {
  check_separator(separator);
  const std::size_t at = rfind(text, separator);
  if (at == npos) return {Range{0, 0}, Range{0, 0}, Range{0, text.size()}};
  const std::size_t after = at + separator.size();
  return {Range{0, at}, Range{at, separator.size()}, Range{after, text.size() - after}};
}

Range lstrip(ByteSpan text, ByteSpan set) noexcept {
  const ByteSet bytes(set);
  std::size_t from = 0;
  while (from < text.size() && bytes.has(text[from])) ++from;
  return {from, text.size() - from};
}

Range rstrip(ByteSpan text, ByteSpan set) noexcept {
  const ByteSet bytes(set);
  std::size_t to = text.size();
  while (to > 0 && bytes.has(text[to - 1])) --to;
  return {0, to};
}

Range strip(ByteSpan text, ByteSpan set) noexcept {
  const std::size_t to = rstrip(text, set).count;
  return lstrip(text.subspan(0, to), set);
}

Range removeprefix(ByteSpan text, ByteSpan prefix) noexcept {
  const bool has = startswith(text, prefix, std::nullopt, std::nullopt);
  return has ? Range{prefix.size(), text.size() - prefix.size()} : Range{0, text.size()};
}

Range removesuffix(ByteSpan text, ByteSpan suffix) noexcept {
  const bool has = endswith(text, suffix, std::nullopt, std::nullopt);
  return {0, has ? text.size() - suffix.size() : text.size()};
}

// --- new bytes -----------------------------------------------------------------------------------

Bytes replace(ByteSpan text, ByteSpan before, ByteSpan after, std::ptrdiff_t count) {
  std::vector<std::size_t> places;
  const std::size_t most = cuts(count);
  if (before.empty()) {
    // An empty one is found before every byte and at the end.
    for (std::size_t at = 0; at <= text.size() && places.size() < most; ++at) places.push_back(at);
  } else {
    std::size_t from = 0;
    for (std::size_t at; places.size() < most && (at = find(text.subspan(from), before)) != npos;) {
      places.push_back(from + at);
      from += at + before.size();
    }
  }
  const std::size_t kept = text.size() - places.size() * before.size();
  const std::size_t size = checked_add(kept, checked_multiply(places.size(), after.size()));
  return make_bytes(size, [&](std::byte* out) {
    std::size_t from = 0;
    for (const std::size_t at : places) {
      out = put(put(out, text.subspan(from, at - from)), after);
      from = at + before.size();
    }
    put(out, text.subspan(from));
  });
}

Bytes join(ByteSpan separator, std::span<const ByteSpan> parts) {
  if (parts.empty()) return {};
  std::size_t size = checked_multiply(parts.size() - 1, separator.size());
  for (const ByteSpan part : parts) size = checked_add(size, part.size());
  return make_bytes(size, [&](std::byte* out) {
    out = put(out, parts[0]);
    for (const ByteSpan part : parts.subspan(1)) out = put(put(out, separator), part);
  });
}

Bytes concatenate(ByteSpan a, ByteSpan b) {
  return make_bytes(checked_add(a.size(), b.size()), [&](std::byte* out) { put(put(out, a), b); });
}

Bytes repeat(ByteSpan text, std::ptrdiff_t count) {
  const std::size_t times = count < 0 ? 0 : static_cast<std::size_t>(count);
  const std::size_t size = checked_multiply(text.size(), times);
  return make_bytes(size, [&](std::byte* out) {
    put(out, text);
    repeat_over(out, text.size(), size);
  });
}

Bytes translate(ByteSpan text, std::optional<ByteSpan> table, ByteSpan remove) {
  if (table && table->size() != 256) {
    throw_invalid("translation table must be 256 characters long, not " +
                  std::to_string(table->size()));
  }
  const ByteSet removed(remove);
  const auto kept =
      std::count_if(text.begin(), text.end(), [&](std::byte b) { return !removed.has(b); });
  return make_bytes(static_cast<std::size_t>(kept), [&](std::byte* out) {
    for (const std::byte b : text) {
      if (!removed.has(b)) *out++ = table ? (*table)[value_of(b)] : b;
    }
  });
}

Bytes maketrans(ByteSpan from, ByteSpan to) {
  if (from.size() != to.size()) {
    throw_invalid("maketrans arguments must have same length, not " + std::to_string(from.size()) +
                  " and " + std::to_string(to.size()));
  }
  return make_bytes(256, [&](std::byte* out) {
    for (std::size_t i = 0; i < 256; ++i) out[i] = static_cast<std::byte>(i);
    for (std::size_t i = 0; i < from.size(); ++i) out[value_of(from[i])] = to[i];
  });
}

Bytes upper(ByteSpan text) {
  return mapped(text, to_upper);
}

Bytes lower(ByteSpan text) {
  return mapped(text, to_lower);
}

Bytes swapcase(ByteSpan text) {
  return mapped(text, to_other_case);
}

Bytes title(ByteSpan text) {
  bool inside = false;
  return mapped(text, [inside](std::byte b) mutable {
    const std::byte result = inside ? to_lower(b) : to_upper(b);
    inside = is_alpha(b);
    return result;
  });
}

Bytes capitalize(ByteSpan text) {
  bool first = true;
  return mapped(text, [first](std::byte b) mutable {
    const std::byte result = first ? to_upper(b) : to_lower(b);
    first = false;
    return result;
  });
}

Bytes center(ByteSpan text, std::ptrdiff_t width, ByteSpan fill) {
  const std::byte with = fill_byte(fill, "center");
  const std::size_t both = lacking(text, width);
  // Python's choice of the side that gets the odd one.
  const std::size_t left = both / 2 + (both & static_cast<std::size_t>(width) & 1);
  return pad(text, left, both - left, with);
}

Bytes ljust(ByteSpan text, std::ptrdiff_t width, ByteSpan fill) {
  const std::byte with = fill_byte(fill, "ljust");
  return pad(text, 0, lacking(text, width), with);
}

Bytes rjust(ByteSpan text, std::ptrdiff_t width, ByteSpan fill) {
  const std::byte with = fill_byte(fill, "rjust");
  return pad(text, lacking(text, width), 0, with);
}

Bytes zfill(ByteSpan text, std::ptrdiff_t width) {
  const bool sign = !text.empty() && (text[0] == std::byte{'+'} || text[0] == std::byte{'-'});
  const std::size_t head = sign ? 1 : 0;
  const std::size_t zeros = lacking(text, width);
  return make_bytes(checked_add(text.size(), zeros), [&](std::byte* out) {
    out = put(out, text.subspan(0, head));
    put(std::fill_n(out, zeros, std::byte{'0'}), text.subspan(head));
  });
}

Bytes expandtabs(ByteSpan text, std::ptrdiff_t tabsize) {
  const std::size_t width = tabsize < 0 ? 0 : static_cast<std::size_t>(tabsize);
  // Walks the text once to learn the size and once to fill.
  const auto walk = [&](auto&& put_byte, auto&& put_spaces) {
    std::size_t column = 0;
    for (const std::byte b : text) {
      if (b == std::byte{'\t'}) {
        const std::size_t spaces = width == 0 ? 0 : width - column % width;
        put_spaces(spaces);
        column += spaces;
      } else {
        put_byte(b);
        column = b == std::byte{'\n'} || b == std::byte{'\r'} ? 0 : column + 1;
      }
    }
  };
  std::size_t size = 0;
  const auto grow = [&](std::size_t by) { size = checked_add(size, by); };
  walk([&](std::byte) { grow(1); }, grow);
  return make_bytes(size, [&](std::byte* out) {
    walk([&](std::byte b) { *out++ = b; },
         [&](std::size_t spaces) { out = std::fill_n(out, spaces, std::byte{' '}); });
  });
}

Bytes fromhex(std::string_view digits) {
  const auto space_at = [&](std::size_t i) { return is_space(static_cast<std::byte>(digits[i])); };
  std::size_t digit_count = 0;
  for (std::size_t i = 0; i < digits.size();) {
    if (space_at(i)) {
      ++i;
      continue;
    }
    for (const std::size_t end = i + 2; i < end; ++i) {
      if (i >= digits.size() || hex_value(digits[i]) < 0) {
        throw_invalid("non-hexadecimal number found in fromhex() arg at position " +
                      std::to_string(i));
      }
    }
    digit_count += 2;
  }
  return make_bytes(digit_count / 2, [&](std::byte* out) {
    for (std::size_t i = 0; i < digits.size(); ++i) {
      if (space_at(i)) continue;
      *out++ = static_cast<std::byte>(hex_value(digits[i]) * 16 + hex_value(digits[i + 1]));
      ++i;
    }
  });
}

// --- questions -----------------------------------------------------------------------------------

bool isalnum(ByteSpan text) noexcept {
  return all_of(text, [](std::byte b) { return is_alpha(b) || is_digit(b); });
}

bool isalpha(ByteSpan text) noexcept {
  return all_of(text, is_alpha);
}

bool isascii(ByteSpan text) noexcept {
  return std::all_of(text.begin(), text.end(), [](std::byte b) { return value_of(b) < 0x80; });
}

bool isdigit(ByteSpan text) noexcept {
  return all_of(text, is_digit);
}

bool islower(ByteSpan text) noexcept {
  return std::none_of(text.begin(), text.end(), is_upper) &&
         std::any_of(text.begin(), text.end(), is_lower);
}

bool isspace(ByteSpan text) noexcept {
  return all_of(text, is_space);
}

bool istitle(ByteSpan text) noexcept {
  bool inside = false;
  bool any = false;
  for (const std::byte b : text) {
    // A word begins with a capital and goes on without.
    if (is_alpha(b) && is_upper(b) == inside) return false;
    inside = is_alpha(b);
    any = any || inside;
  }
  return any;
}

bool isupper(ByteSpan text) noexcept {
  return std::none_of(text.begin(), text.end(), is_lower) &&
         std::any_of(text.begin(), text.end(), is_upper);
}

// --- as text -------------------------------------------------------------------------------------

std::string hex(ByteSpan text) {
  std::string digits(checked_multiply(text.size(), 2), '\0');
  char* out = digits.data();
  for (const std::byte b : text) out = put_hex(out, b);
  return digits;
}

std::string hex(ByteSpan text, std::string_view separator, std::ptrdiff_t bytes_per_sep) {
  check_hex_separator(separator);
  if (bytes_per_sep == 0 || text.empty()) return hex(text);
  const bool from_end = bytes_per_sep > 0;
  const std::size_t group = from_end ? static_cast<std::size_t>(bytes_per_sep)
                                     : std::size_t{0} - static_cast<std::size_t>(bytes_per_sep);
  const std::size_t separators = (text.size() - 1) / group;
  std::string digits(checked_add(checked_multiply(text.size(), 2), separators), separator[0]);
  char* out = digits.data();
  // The first group is the odd one when groups are counted from the end.
  std::size_t left = from_end ? (text.size() - 1) % group + 1 : group;
  for (const std::byte b : text) {
    if (left == 0) {
      ++out;
      left = group;
    }
    out = put_hex(out, b);
    --left;
  }
  return digits;
}

std::string repr(ByteSpan text) {
  const auto has = [&](char c) { return text.as_chars().find(c) != std::string_view::npos; };
  const char quote = has('\'') && !has('"') ? '"' : '\'';
  std::string literal{'b', quote};
  literal.reserve(checked_add(text.size(), 3));
  for (const char c : text.as_chars()) {
    if (c == quote || c == '\\') {
      literal += {'\\', c};
    } else if (c == '\t') {
      literal += "\\t";
    } else if (c == '\n') {
      literal += "\\n";
    } else if (c == '\r') {
      literal += "\\r";
    } else if (c >= ' ' && c < '\x7f') {
      literal += c;
    } else {
      char digits[2];
      put_hex(digits, static_cast<std::byte>(c));
      literal += {'\\', 'x', digits[0], digits[1]};
    }
  }
  literal += quote;
  return literal;
}

std::string short_repr(ByteSpan text) {
  constexpr std::size_t kShown = 40;
  if (text.size() <= kShown) return repr(text);
  return repr(text.subspan(0, kShown)) + "... (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace quire::detail::algo
