// Text encodings: tables of names, one reader for each family, one loop for all of them.
#include "quire/detail/codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "quire/error.h"

namespace quire::detail {
namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr std::string_view kUtf8Mark = "\xef\xbb\xbf";
constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighBits = kOnes << 7;

std::uint64_t load_word(const char* p) noexcept {
  std::uint64_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

std::size_t ascii_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  while (text.size() - at >= 8 && (load_word(text.data() + at) & kHighBits) == 0) at += 8;
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

std::uint8_t byte_at(std::string_view bytes, std::size_t i) noexcept {
  return static_cast<std::uint8_t>(bytes[i]);
}

void append_point(std::string& out, char32_t point) {
  std::array<char, 4> buffer;
  std::size_t size = 0;
  const auto put = [&](char32_t value) { buffer[size++] = static_cast<char>(value); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xc0 | point >> 6);
    put(0x80 | (point & 0x3f));
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
    put(0x80 | (point & 0x3f));
  }
  out.append(buffer.data(), size);
}

/// `format` takes one unsigned.
std::string formatted(const char* format, std::uint32_t value) {
  std::array<char, 16> buffer;
  const int size = std::snprintf(buffer.data(), buffer.size(), format, value);
  return {buffer.data(), static_cast<std::size_t>(size)};
}

std::string escaped(char32_t point) {
  const auto value = static_cast<std::uint32_t>(point);
  return formatted(point < 0x100 ? "\\x%02x" : point < 0x10000 ? "\\u%04x" : "\\U%08x", value);
}

// --- decoding ------------------------------------------------------------------------------------

/// What stands at the front of some bytes: a code point, or an ill-formed part and why it is one.
struct Item {
  std::size_t size;
  char32_t point = 0;
  const char* reason = nullptr;
  bool incomplete = false;  ///< more bytes could make it well-formed
};

/// Reads UTF-8. An ill-formed part is the longest beginning of a sequence that could have become
/// well-formed, or one byte: what the Unicode standard calls a maximal subpart.
struct Utf8Reader {
  static constexpr const char* kName = "utf-8";

  [[nodiscard]] static Item next(std::string_view bytes) noexcept {
    const std::uint8_t lead = byte_at(bytes, 0);
    if (lead < 0x80) return {1, lead};
    if (lead < 0xc2 || lead > 0xf4) return {1, 0, "invalid start byte"};
    const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    // The second byte's range excludes overlong forms, surrogates and what is past U+10FFFF.
    const std::uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const std::uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    char32_t point = lead & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      if (i == bytes.size()) return {i, 0, "unexpected end of data", true};
      const std::uint8_t next = byte_at(bytes, i);
      if (next < (i == 1 ? low : 0x80) || next > (i == 1 ? high : 0xbf)) {
        return {i, 0, "invalid continuation byte"};
      }
      point = point << 6 | (next & 0x3fU);
    }
    return {length, point};
  }

  /// Appends the well-formed bytes at the front; returns how many.
  static std::size_t append_run(std::string_view bytes, std::string& out) {
    const std::size_t size = run(bytes);
    out.append(bytes.data(), size);
    return size;
  }

  [[nodiscard]] static std::size_t run(std::string_view bytes) noexcept {
    std::size_t at = 0;
    while (true) {
      at += ascii_prefix(bytes.substr(at));
      do {
        if (at == bytes.size()) return at;
        const Item item = next(bytes.substr(at));
        if (item.reason) return at;
        at += item.size;
      } while (at < bytes.size() && byte_at(bytes, at) >= 0x80);
    }
  }
};

/// The encodings of one byte a code point, up to `Limit`.
template <unsigned Limit>
struct ByteReader {
  static constexpr const char* kName = Limit == 0x80 ? "ascii" : "latin-1";

  [[nodiscard]] static Item next(std::string_view bytes) noexcept {
    const std::uint8_t byte = byte_at(bytes, 0);
    if (byte < Limit) return {1, byte};
    return {1, 0, "ordinal not in range(128)"};
  }

  static std::size_t append_run(std::string_view bytes, std::string& out) {
    const std::size_t size = ascii_prefix(bytes);
    out.append(bytes.data(), size);
    return size;
  }
};

/// The value of `Size` bytes. REQUIRES: there are that many.
template <std::size_t Size, bool Big>
char32_t load_unit(std::string_view bytes) noexcept {
  char32_t value = 0;
  for (std::size_t i = 0; i < Size; ++i) {
    value = value << 8 | byte_at(bytes, Big ? i : Size - 1 - i);
  }
  return value;
}

constexpr bool is_surrogate(char32_t value) noexcept {
  return value >= 0xd800 && value < 0xe000;
}

template <bool Big>
struct Utf16Reader {
  static constexpr const char* kName = Big ? "utf-16-be" : "utf-16-le";

  [[nodiscard]] static Item next(std::string_view bytes) noexcept {
    if (bytes.size() < 2) return {bytes.size(), 0, "truncated data", true};
    const char32_t first = load_unit<2, Big>(bytes);
    if (!is_surrogate(first)) return {2, first};
    if (first >= 0xdc00) return {2, 0, "illegal encoding"};
    if (bytes.size() < 4) return {bytes.size(), 0, "unexpected end of data", true};
    const char32_t second = load_unit<2, Big>(bytes.substr(2));
    if (second < 0xdc00 || second >= 0xe000) return {2, 0, "illegal UTF-16 surrogate"};
    return {4, 0x10000 + ((first & 0x3ff) << 10 | (second & 0x3ff))};
  }

  static std::size_t append_run(std::string_view, std::string&) noexcept { return 0; }
};

template <bool Big>
struct Utf32Reader {
  static constexpr const char* kName = Big ? "utf-32-be" : "utf-32-le";

  [[nodiscard]] static Item next(std::string_view bytes) noexcept {
    if (bytes.size() < 4) return {bytes.size(), 0, "truncated data", true};
    const char32_t point = load_unit<4, Big>(bytes);
    if (is_surrogate(point)) {
      return {4, 0, "code point in surrogate code point range(0xd800, 0xe000)"};
    }
    if (point >= 0x110000) return {4, 0, "code point not in range(0x110000)"};
    return {4, point};
  }

  static std::size_t append_run(std::string_view, std::string&) noexcept { return 0; }
};

[[noreturn]] void throw_decode(const char* name, std::string_view bad, const char* reason,
                               std::size_t offset) {
  std::string message = "'" + std::string(name) + "' codec can't decode byte";
  if (bad.size() == 1) {
    message += formatted(" 0x%02x", byte_at(bad, 0)) + " in position " + std::to_string(offset);
  } else {
    message +=
        "s in position " + std::to_string(offset) + "-" + std::to_string(offset + bad.size() - 1);
  }
  throw UnicodeDecodeError(message + ": " + reason, offset, offset + bad.size());
}

/// Decodes from the front of `bytes` to the end, to an incomplete character unless `last`, or to an
/// ill-formed part when strict; returns how far it came.
template <class Reader>
std::size_t decode_with(std::string_view bytes, bool last, ErrorPolicy policy, std::string& out) {
  std::size_t at = 0;
  while (true) {
    at += Reader::append_run(bytes.substr(at), out);
    if (at == bytes.size()) return at;
    const Item item = Reader::next(bytes.substr(at));
    if (!item.reason) {
      append_point(out, item.point);
    } else if ((item.incomplete && !last) || policy == ErrorPolicy::Strict) {
      return at;
    } else if (policy == ErrorPolicy::Replace) {
      append_point(out, kReplacement);
    } else if (policy == ErrorPolicy::BackslashReplace) {
      for (std::size_t i = 0; i < item.size; ++i) out += escaped(byte_at(bytes, at + i));
    }
    at += item.size;
  }
}

/// Calls `f` with the reader of a codec whose byte order is known.
template <class F>
auto with_reader(Codec codec, bool big_endian, F f) {
  switch (codec) {
    case Codec::Ascii:
      return f(ByteReader<0x80>());
    case Codec::Latin1:
      return f(ByteReader<0x100>());
    case Codec::Utf16:
    case Codec::Utf16Le:
    case Codec::Utf16Be:
      return big_endian ? f(Utf16Reader<true>()) : f(Utf16Reader<false>());
    case Codec::Utf32:
    case Codec::Utf32Le:
    case Codec::Utf32Be:
      return big_endian ? f(Utf32Reader<true>()) : f(Utf32Reader<false>());
    case Codec::Utf8:
    case Codec::Utf8Sig:
      break;
  }
  return f(Utf8Reader());
}

constexpr bool kNativeBig = std::endian::native == std::endian::big;

/// Whether the codec itself says so.
constexpr bool is_big_endian(Codec codec) noexcept {
  if (codec == Codec::Utf16 || codec == Codec::Utf32) return kNativeBig;
  return codec == Codec::Utf16Be || codec == Codec::Utf32Be;
}

constexpr bool has_mark(Codec codec) noexcept {
  return codec == Codec::Utf8Sig || codec == Codec::Utf16 || codec == Codec::Utf32;
}

// --- encoding ------------------------------------------------------------------------------------

template <std::size_t Size>
void append_unit(std::string& out, char32_t value, bool big) {
  std::array<char, Size> buffer;
  for (std::size_t i = 0; i < Size; ++i) {
    buffer[big ? Size - 1 - i : i] = static_cast<char>(value >> (8 * i) & 0xff);
  }
  out.append(buffer.data(), Size);
}

void append_utf16(std::string& out, char32_t point, bool big) {
  if (point < 0x10000) {
    append_unit<2>(out, point, big);
  } else {
    append_unit<2>(out, 0xd800 + ((point - 0x10000) >> 10), big);
    append_unit<2>(out, 0xdc00 + (point & 0x3ff), big);
  }
}

[[noreturn]] void throw_encode(std::string_view text, std::size_t at, char32_t limit) {
  const char32_t first = Utf8Reader::next(text.substr(at)).point;
  const std::size_t start = count_points(text.substr(0, at));
  std::size_t end = start;
  while (at < text.size()) {
    const Item item = Utf8Reader::next(text.substr(at));
    if (item.point < limit) break;
    at += item.size;
    ++end;
  }
  std::string message = limit == 0x80 ? "'ascii'" : "'latin-1'";
  message += " codec can't encode character";
  if (end - start == 1) {
    message += " '" + escaped(first) + "' in position " + std::to_string(start);
  } else {
    message += "s in position " + std::to_string(start) + "-" + std::to_string(end - 1);
  }
  message += ": ordinal not in range(" + std::to_string(static_cast<std::uint32_t>(limit)) + ")";
  throw UnicodeEncodeError(message, start, end);
}

/// Appends `text` in an encoding of one byte a code point, up to `limit`.
void encode_bytes(std::string& out, std::string_view text, char32_t limit, ErrorPolicy policy) {
  std::size_t at = 0;
  while (true) {
    const std::size_t run = ascii_prefix(text.substr(at));
    out.append(text.data() + at, run);
    at += run;
    if (at == text.size()) return;
    const Item item = Utf8Reader::next(text.substr(at));
    if (item.point < limit) {
      out += static_cast<char>(item.point);
    } else if (policy == ErrorPolicy::Strict) {
      throw_encode(text, at, limit);
    } else if (policy == ErrorPolicy::Replace) {
      out += '?';
    } else if (policy == ErrorPolicy::BackslashReplace) {
      out += escaped(item.point);
    }
    at += item.size;
  }
}

void encode_valid(std::string& out, std::string_view text, Codec codec, ErrorPolicy policy,
                  bool mark) {
  if (codec == Codec::Ascii || codec == Codec::Latin1) {
    encode_bytes(out, text, codec == Codec::Ascii ? 0x80 : 0x100, policy);
    return;
  }
  mark = mark && has_mark(codec);
  const std::size_t unit = unit_size(codec);
  if (unit == 1) {
    if (mark) out += kUtf8Mark;
    out += text;
    return;
  }
  const bool big = is_big_endian(codec);
  const auto append = [&](char32_t point) {
    unit == 2 ? append_utf16(out, point, big) : append_unit<4>(out, point, big);
  };
  if (mark) append(0xfeff);
  for (std::size_t at = 0; at < text.size();) {
    const Item item = Utf8Reader::next(text.substr(at));
    append(item.point);
    at += item.size;
  }
}

// --- names ---------------------------------------------------------------------------------------

struct Alias {
  std::string_view name;
  Codec codec;
};

constexpr Alias kAliases[] = {
    {"utf_8", Codec::Utf8},
    {"utf8", Codec::Utf8},
    {"u8", Codec::Utf8},
    {"utf", Codec::Utf8},
    {"cp65001", Codec::Utf8},
    {"utf8_ucs2", Codec::Utf8},
    {"utf8_ucs4", Codec::Utf8},
    {"utf_8_sig", Codec::Utf8Sig},
    {"ascii", Codec::Ascii},
    {"us_ascii", Codec::Ascii},
    {"us", Codec::Ascii},
    {"646", Codec::Ascii},
    {"ansi_x3.4_1968", Codec::Ascii},
    {"ansi_x3_4_1968", Codec::Ascii},
    {"ansi_x3.4_1986", Codec::Ascii},
    {"cp367", Codec::Ascii},
    {"csascii", Codec::Ascii},
    {"ibm367", Codec::Ascii},
    {"iso646_us", Codec::Ascii},
    {"iso_646.irv_1991", Codec::Ascii},
    {"iso_ir_6", Codec::Ascii},
    {"latin_1", Codec::Latin1},
    {"latin1", Codec::Latin1},
    {"latin", Codec::Latin1},
    {"l1", Codec::Latin1},
    {"iso8859_1", Codec::Latin1},
    {"iso_8859_1", Codec::Latin1},
    {"iso8859", Codec::Latin1},
    {"8859", Codec::Latin1},
    {"cp819", Codec::Latin1},
    {"csisolatin1", Codec::Latin1},
    {"ibm819", Codec::Latin1},
    {"iso_8859_1_1987", Codec::Latin1},
    {"iso_ir_100", Codec::Latin1},
    {"utf_16", Codec::Utf16},
    {"utf16", Codec::Utf16},
    {"u16", Codec::Utf16},
    {"utf_16_le", Codec::Utf16Le},
    {"utf_16le", Codec::Utf16Le},
    {"unicodelittleunmarked", Codec::Utf16Le},
    {"utf_16_be", Codec::Utf16Be},
    {"utf_16be", Codec::Utf16Be},
    {"unicodebigunmarked", Codec::Utf16Be},
    {"utf_32", Codec::Utf32},
    {"utf32", Codec::Utf32},
    {"u32", Codec::Utf32},
    {"utf_32_le", Codec::Utf32Le},
    {"utf_32le", Codec::Utf32Le},
    {"utf_32_be", Codec::Utf32Be},
    {"utf_32be", Codec::Utf32Be},
};

/// Lower case, with each run of other characters as one '_', none at the ends.
std::string normalized(std::string_view name) {
  std::string result;
  bool gap = false;
  for (char c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.') {
      if (gap && !result.empty()) result += '_';
      gap = false;
      result += c;
    } else {
      gap = true;
    }
  }
  return result;
}

}  // namespace

Codec find_codec(std::string_view encoding) {
  const std::string name = normalized(encoding);
  const auto* const found = std::find_if(std::begin(kAliases), std::end(kAliases),
                                         [&](const Alias& alias) { return alias.name == name; });
  if (found == std::end(kAliases)) throw_invalid("unknown encoding: " + std::string(encoding));
  return found->codec;
}

ErrorPolicy find_error_policy(std::string_view errors) {
  if (errors == "strict") return ErrorPolicy::Strict;
  if (errors == "replace") return ErrorPolicy::Replace;
  if (errors == "ignore") return ErrorPolicy::Ignore;
  if (errors == "backslashreplace") return ErrorPolicy::BackslashReplace;
  throw_invalid("unknown error handler name '" + std::string(errors) + "'");
}

std::string decode(ByteSpan data, std::string_view encoding, std::string_view errors) {
  Codec codec = find_codec(encoding);
  const ErrorPolicy policy = find_error_policy(errors);
  // Python counts a "utf-8-sig" error's offset from behind the mark.
  if (codec == Codec::Utf8Sig) {
    codec = Codec::Utf8;
    if (data.as_chars().starts_with(kUtf8Mark)) data = data.subspan(kUtf8Mark.size());
  }
  std::string text;
  IncrementalDecoder decoder(codec, policy);
  decoder.decode(data, true, text);
  decoder.check();
  return text;
}

std::string encode(std::string_view text, std::string_view encoding, std::string_view errors) {
  std::string result;
  encode_to(result, text, find_codec(encoding), find_error_policy(errors), true);
  return result;
}

void encode_to(std::string& out, std::string_view text, Codec codec, ErrorPolicy policy,
               bool mark) {
  check_utf8(text);
  const std::size_t before = out.size();
  try {
    encode_valid(out, text, codec, policy, mark);
  } catch (...) {
    out.resize(before);
    throw;
  }
}

std::size_t unit_size(Codec codec) noexcept {
  switch (codec) {
    case Codec::Utf16:
    case Codec::Utf16Le:
    case Codec::Utf16Be:
      return 2;
    case Codec::Utf32:
    case Codec::Utf32Le:
    case Codec::Utf32Be:
      return 4;
    case Codec::Utf8:
    case Codec::Utf8Sig:
    case Codec::Ascii:
    case Codec::Latin1:
      break;
  }
  return 1;
}

void check_utf8(std::string_view text) {
  const std::size_t valid = Utf8Reader::run(text);
  if (valid == text.size()) return;
  const Item item = Utf8Reader::next(text.substr(valid));
  throw_decode(Utf8Reader::kName, text.substr(valid, item.size), item.reason, valid);
}

bool is_ascii(std::string_view text) noexcept {
  return ascii_prefix(text) == text.size();
}

namespace {

/// How many of a word's bytes are the second or later of a code point.
std::size_t continuations(std::uint64_t word) noexcept {
  return static_cast<std::size_t>(((word >> 7 & ~word >> 6 & kOnes) * kOnes) >> 56);
}

bool begins_point(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
}

}  // namespace

std::size_t count_points(std::string_view text) noexcept {
  std::size_t count = 0;
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) count += 8 - continuations(load_word(text.data() + at));
  for (; at < text.size(); ++at) count += begins_point(text[at]) ? 1 : 0;
  return count;
}

std::size_t point_offset(std::string_view text, std::size_t point) noexcept {
  std::size_t at = 0;
  while (text.size() - at >= 8) {
    const std::size_t count = 8 - continuations(load_word(text.data() + at));
    if (count > point) break;
    point -= count;
    at += 8;
  }
  for (; at < text.size(); ++at) {
    if (!begins_point(text[at])) continue;
    if (point == 0) break;
    --point;
  }
  return at;
}

// --- IncrementalDecoder --------------------------------------------------------------------------

IncrementalDecoder::IncrementalDecoder(Codec codec, ErrorPolicy policy) noexcept
    : codec_(codec),
      policy_(policy),
      big_endian_(is_big_endian(codec)),
      at_start_(has_mark(codec)) {}

void IncrementalDecoder::decode(ByteSpan data, bool last, std::string& out) {
  check();
  std::string_view bytes = data.as_chars();
  if (!pending_.empty()) {
    pending_.append(bytes);
    bytes = pending_;
  }
  std::size_t done = skip_mark(bytes, last);
  std::size_t taken = 0;
  // Without its mark's end, what is there may yet be text or not.
  if (!at_start_) {
    taken = with_reader(codec_, big_endian_, [&](auto reader) {
      return decode_with<decltype(reader)>(bytes.substr(done), last, policy_, out);
    });
    done += taken;
  }
  const std::string_view rest = bytes.substr(done);
  if (pending_.empty()) {
    pending_.assign(rest);
  } else {
    pending_.erase(0, done);
  }
  offset_ += done;
  if (pending_.empty() || policy_ != ErrorPolicy::Strict || at_start_) return;
  blocked_ = with_reader(codec_, big_endian_, [&](auto reader) {
    return last || !decltype(reader)::next(pending_).incomplete;
  });
  if (taken == 0) check();
}

std::size_t IncrementalDecoder::skip_mark(ByteSpan data, bool last) noexcept {
  if (!at_start_ || data.empty()) return 0;
  const std::string_view bytes = data.as_chars();
  const std::size_t unit = unit_size(codec_);
  const std::string_view marks[] = {
      unit == 1   ? kUtf8Mark
      : unit == 2 ? std::string_view("\xff\xfe", 2)
                  : std::string_view("\xff\xfe\0\0", 4),
      unit == 1   ? kUtf8Mark
      : unit == 2 ? std::string_view("\xfe\xff", 2)
                  : std::string_view("\0\0\xfe\xff", 4),
  };
  for (const std::string_view mark : marks) {
    if (bytes.starts_with(mark)) {
      at_start_ = false;
      big_endian_ = mark == marks[1];
      return mark.size();
    }
    if (!last && mark.starts_with(bytes)) return 0;
  }
  at_start_ = false;
  return 0;
}

void IncrementalDecoder::check() const {
  if (!blocked_) return;
  with_reader(codec_, big_endian_, [&](auto reader) {
    const Item item = decltype(reader)::next(pending_);
    throw_decode(reader.kName, std::string_view(pending_).substr(0, item.size), item.reason,
                 offset_);
  });
}

std::size_t IncrementalDecoder::next_size(ByteSpan data) const {
  const std::string bytes = pending_ + std::string(data.as_chars());
  return with_reader(codec_, big_endian_,
                     [&](auto reader) { return decltype(reader)::next(bytes).size; });
}

void IncrementalDecoder::reset(std::size_t offset, bool first) noexcept {
  at_start_ = first && has_mark(codec_);
  if (at_start_) big_endian_ = is_big_endian(codec_);
  blocked_ = false;
  offset_ = offset;
  pending_.clear();
}

}  // namespace quire::detail
