// Text encodings: bytes to UTF-8 and back, as Python's bytes.decode and str.encode do it.
//
// Text inside quire is valid UTF-8, and what is no text (lone surrogates included) is refused with
// its offset. Positions in text are code points.
//
// Lifetime: functions borrow for the call and return values. Thread: no shared state; an
// IncrementalDecoder belongs to one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "quire/byte_span.h"
#include "quire/detail/export.h"

namespace quire::detail {

enum class Codec : std::uint8_t {
  Utf8,
  Utf8Sig,  ///< a leading U+FEFF is written, and skipped when read
  Ascii,
  Latin1,
  Utf16,  ///< byte order by U+FEFF at the start, this machine's without one
  Utf16Le,
  Utf16Be,
  Utf32,  ///< as Utf16
  Utf32Le,
  Utf32Be,
};

/// What to do with what cannot be decoded or encoded.
enum class ErrorPolicy : std::uint8_t {
  Strict,            ///< throw
  Replace,           ///< U+FFFD for each ill-formed part; '?' for each code point
  Ignore,            ///< leave it out
  BackslashReplace,  ///< \xff for each byte; \xe9, \u20ac, \U0001f600 for a code point
};

/// The codec that Python knows by this name, its aliases included.
/// Errors: std::invalid_argument that names it.
[[nodiscard]] QUIRE_API Codec find_codec(std::string_view encoding);

/// Errors: std::invalid_argument that names it.
[[nodiscard]] QUIRE_API ErrorPolicy find_error_policy(std::string_view errors);

/// The text that `data` means, as UTF-8.
/// Cost:   one pass; ASCII runs 8 bytes at a time.
/// Errors: UnicodeDecodeError with the byte offsets when strict; std::invalid_argument for an
///         unknown encoding or error policy.
[[nodiscard]] QUIRE_API std::string decode(ByteSpan data, std::string_view encoding = "utf-8",
                                           std::string_view errors = "strict");

/// The bytes of `text` in an encoding.
/// Errors: UnicodeEncodeError with the code points' offsets when strict; UnicodeDecodeError with
/// the
///         byte offset when `text` is not UTF-8; std::invalid_argument as decode().
[[nodiscard]] QUIRE_API std::string encode(std::string_view text,
                                           std::string_view encoding = "utf-8",
                                           std::string_view errors = "strict");

/// Appends the bytes of `text`; a codec with a byte order mark begins with one if `mark`.
/// Errors: as encode(); `out` is then unchanged.
QUIRE_API void encode_to(std::string& out, std::string_view text, Codec codec, ErrorPolicy policy,
                         bool mark);

/// Bytes of one NUL, or '\r', in the encoding.
[[nodiscard]] QUIRE_API std::size_t unit_size(Codec codec) noexcept;

/// Errors: UnicodeDecodeError with the offset of the first byte that is not UTF-8.
QUIRE_API void check_utf8(std::string_view text);

/// Cost: O(text), 8 bytes at a time.
[[nodiscard]] QUIRE_API bool is_ascii(std::string_view text) noexcept;

/// Code points in `text`. REQUIRES: `text` is UTF-8, as for point_offset().
/// Cost: O(text), 8 bytes at a time.
[[nodiscard]] QUIRE_API std::size_t count_points(std::string_view text) noexcept;

/// Offset of the first byte of code point number `point`; the size when there is none.
/// Cost: O(result), 8 bytes at a time.
[[nodiscard]] QUIRE_API std::size_t point_offset(std::string_view text, std::size_t point) noexcept;

/// Decodes a stream of bytes that comes in pieces, cut anywhere: the same text as in one piece.
class QUIRE_API IncrementalDecoder {
 public:
  IncrementalDecoder(Codec codec, ErrorPolicy policy) noexcept;

  /// Appends the text of `data`, which follows on what came before, to `out`. Bytes of an
  /// incomplete character wait for the next piece, unless this is the `last`. Errors:
  /// UnicodeDecodeError, with offsets counted from the stream's beginning, when ill-formed
  ///         bytes are next; the text before them is handed out first, and every later call throws.
  ///         No allocation is needed after reserve(data.size()) and with 4 bytes of room in `out`
  ///         for each byte and pending() one.
  void decode(ByteSpan data, bool last, std::string& out);

  /// Makes room so that a piece of `size` bytes can be kept.
  void reserve(std::size_t size) { pending_.reserve(pending_.size() + size); }

  /// Errors: the UnicodeDecodeError that decode() would throw before it took any data.
  void check() const;

  /// Bytes taken but not decoded yet.
  [[nodiscard]] std::size_t pending() const noexcept { return pending_.size(); }

  /// Size of the code point or ill-formed part at the front of what is pending and `data` behind it.
  [[nodiscard]] std::size_t next_size(ByteSpan data) const;

  /// Offset in the stream of the first byte that is not decoded yet.
  [[nodiscard]] std::size_t offset() const noexcept { return offset_; }

  /// Forgets what is pending; the next byte is the one at `offset`, where a character begins, or the
  /// whole text if it is `first`. The byte order stays, unless a mark may come.
  void reset(std::size_t offset, bool first) noexcept;

 private:
  [[nodiscard]] std::size_t skip_mark(ByteSpan data, bool last) noexcept;

  Codec codec_;
  ErrorPolicy policy_;
  bool big_endian_;       ///< the codec's byte order, or the one found
  bool at_start_;         ///< a byte order mark may come
  bool blocked_ = false;  ///< ill-formed bytes are next
  std::size_t offset_ = 0;
  std::string pending_;
};

}  // namespace quire::detail
