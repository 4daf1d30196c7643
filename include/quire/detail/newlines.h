// Line endings: where a line of text ends, and what becomes of '\r' and "\r\n".
//
// Lifetime: functions borrow for the call. Thread: values, no shared state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quire/detail/export.h"

namespace quire::detail {

/// Python's `newline` argument.
enum class NewlineMode : std::uint8_t {
  Universal,     ///< None: all endings end lines and are read as '\n'
  Untranslated,  ///< "": all endings end lines and stay
  Lf,            ///< "\n"
  Cr,            ///< "\r"
  CrLf,          ///< "\r\n"
};

/// Errors: std::invalid_argument that shows it.
[[nodiscard]] QUIRE_API NewlineMode find_newline_mode(std::string_view newline);

/// Offset just behind the first line ending that does not end before `from`, or npos. In Universal
/// mode the text is what a NewlineReader made of it.
/// Cost: O(result), whatever follows.
[[nodiscard]] QUIRE_API std::size_t line_end(std::string_view text, NewlineMode mode,
                                             std::size_t from = 0) noexcept;

/// `text` as it is written: '\n' becomes the mode's ending. The result is `text` itself, or is kept
/// in `buffer`.
[[nodiscard]] QUIRE_API std::string_view to_written(std::string_view text, NewlineMode mode,
                                                    std::string& buffer);

/// Turns endings into '\n' if the mode is Universal, and notes which there were. Text may come in
/// pieces: a '\r' at the end of one waits for the next, as it may be half of "\r\n".
class QUIRE_API NewlineReader {
 public:
  explicit NewlineReader(NewlineMode mode) noexcept : mode_(mode) {}

  /// Treats what of `text` is behind `from` as the next piece; the `last` one keeps nothing back.
  /// Cost: no allocation if `text` has room for one more character.
  void read(std::string& text, std::size_t from, bool last);

  /// Whether a '\r' waits.
  [[nodiscard]] bool waiting() const noexcept { return waiting_; }

  /// Forgets the '\r' that waits.
  void drop() noexcept { waiting_ = false; }

  /// Forgets which endings there were, too.
  void reset() noexcept { *this = NewlineReader(mode_); }

  /// The endings there were, in Python's order: '\r', '\n', "\r\n".
  [[nodiscard]] std::vector<std::string_view> seen() const;

 private:
  [[nodiscard]] bool active() const noexcept {
    return mode_ == NewlineMode::Universal || mode_ == NewlineMode::Untranslated;
  }

  NewlineMode mode_;
  bool waiting_ = false;
  bool cr_ = false;
  bool lf_ = false;
  bool crlf_ = false;
};

}  // namespace quire::detail
