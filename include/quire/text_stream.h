// TextStream: what every stream of text can do (Python's io.TextIOBase).
//
// Text is UTF-8. Sizes and positions count code points, as in Python, not bytes. Text that is not
// UTF-8 is refused by a UnicodeDecodeError with the offset of the first bad byte.
//
// Lifetime: a resource: it has an identity and a position, is moved and not copied. Thread: const
// operations may run at once, a mutation needs exclusion.
#pragma once

#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "quire/detail/export.h"
#include "quire/detail/newlines.h"
#include "quire/stream.h"

namespace quire {

/// Python's `newline` argument: std::nullopt (None), "", "\n", "\r" or "\r\n".
class Newline {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a parameter type that arguments become by themselves
  Newline(std::nullopt_t) noexcept : mode_(detail::NewlineMode::Universal) {}

  /// Errors: std::invalid_argument for anything else.
  Newline(std::string_view newline) : mode_(detail::find_newline_mode(newline)) {}

  Newline(const char* newline) : Newline(std::string_view(newline)) {}

  // None is std::nullopt.
  Newline(std::nullptr_t) = delete;
  // NOLINTEND(google-explicit-constructor)

  explicit Newline(detail::NewlineMode mode) noexcept : mode_(mode) {}

  [[nodiscard]] detail::NewlineMode mode() const noexcept { return mode_; }

 private:
  detail::NewlineMode mode_;
};

class TextLineIterator;

class QUIRE_API TextStream {
 public:
  TextStream(const TextStream&) = delete;
  TextStream& operator=(const TextStream&) = delete;
  virtual ~TextStream();

  [[nodiscard]] virtual bool closed() const noexcept = 0;

  /// Errors: ClosedError, as for the next three.
  [[nodiscard]] virtual bool readable() const = 0;

  [[nodiscard]] virtual bool writable() const = 0;

  [[nodiscard]] virtual bool seekable() const = 0;

  [[nodiscard]] virtual bool isatty() const;

  /// The operating system's descriptor.
  /// Errors: UnsupportedOperation where there is none.
  [[nodiscard]] virtual int fileno() const;

  /// The encoding of the bytes underneath, null where there are none.
  [[nodiscard]] virtual std::optional<std::string_view> encoding() const noexcept;

  /// What is done with bytes or text that the encoding has no place for; null as encoding().
  [[nodiscard]] virtual std::optional<std::string_view> errors() const noexcept;

  /// The kinds of line ending met so far, where they are recognised: of `\r`, `\n`, `\r\n`.
  [[nodiscard]] virtual std::vector<std::string_view> newlines() const = 0;

  /// Whether a line is handed on as soon as it is written.
  [[nodiscard]] virtual bool line_buffering() const = 0;

  /// Up to `size` code points, all that is left when negative; advances.
  /// Errors: ClosedError. A short result happens at the end of the text only.
  [[nodiscard]] virtual std::string read(std::ptrdiff_t size = -1) = 0;

  /// One line with its ending, but no more than `limit` code points of it unless negative.
  /// Errors: ClosedError. An empty result means the end of the text.
  [[nodiscard]] virtual std::string readline(std::ptrdiff_t limit = -1) = 0;

  /// Lines to the end, or until they hold more than `hint` code points when that is positive.
  [[nodiscard]] std::vector<std::string> readlines(std::ptrdiff_t hint = -1);

  /// Writes `text` over what is at the position, code point for code point, and advances; returns
  /// its code points, counted before line endings were translated.
  /// Errors: ClosedError; UnicodeDecodeError, nothing is then written.
  virtual std::size_t write(std::string_view text) = 0;

  /// Writes each item, with nothing in between. What came before a failure stays written.
  template <std::ranges::input_range Lines>
  requires std::convertible_to<std::ranges::range_reference_t<Lines>, std::string_view>

  void writelines(Lines&& lines) {
    check_open();
    for (auto&& line : lines) write(line);
  }

  /// Moves the position; returns the new one. From Current and End only an `offset` of 0 is
  /// allowed. Behind the end is allowed: a write there fills the gap with NULs. Errors:
  /// ClosedError; UnsupportedOperation; std::invalid_argument for a negative position.
  virtual std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) = 0;

  /// Errors: ClosedError.
  [[nodiscard]] virtual std::size_t tell() const = 0;

  /// Cuts the text to `size` code points, the position if none is given; does not move. Returns the
  /// size asked for. Text that is shorter stays as it is.
  virtual std::size_t truncate(std::optional<std::size_t> size = std::nullopt) = 0;

  /// Hands on what is still buffered.
  virtual void flush() = 0;

  virtual void close() = 0;

  /// The lines from the position on: `for (const std::string& line : stream)`.
  [[nodiscard]] TextLineIterator begin() QUIRE_LIFETIMEBOUND;

  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 protected:
  TextStream() noexcept = default;
  TextStream(TextStream&&) noexcept = default;
  TextStream& operator=(TextStream&&) noexcept = default;

  /// Errors: ClosedError after close().
  void check_open() const;
};

/// Walks the lines of a stream; reading each one advances it.
class TextLineIterator {
 public:
  using iterator_concept = std::input_iterator_tag;
  using value_type = std::string;
  using difference_type = std::ptrdiff_t;

  explicit TextLineIterator(TextStream& stream QUIRE_LIFETIMEBOUND)
      : stream_(&stream), line_(stream.readline()) {}

  [[nodiscard]] const std::string& operator*() const noexcept { return line_; }

  [[nodiscard]] const std::string* operator->() const noexcept { return &line_; }

  TextLineIterator& operator++() {
    line_ = stream_->readline();
    return *this;
  }

  void operator++(int) { ++*this; }

  [[nodiscard]] friend bool operator==(const TextLineIterator& it,
                                       std::default_sentinel_t) noexcept {
    return it.line_.empty();
  }

 private:
  TextStream* stream_;
  std::string line_;
};

inline TextLineIterator TextStream::begin() {
  return TextLineIterator(*this);
}

namespace detail {

/// Errors: UnsupportedOperation unless the offset is 0 or counts from the beginning;
///         std::invalid_argument for a negative one and for an unknown whence.
QUIRE_API void check_text_seek(std::ptrdiff_t offset, Whence whence);

}  // namespace detail

}  // namespace quire
