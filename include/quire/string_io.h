// StringIO: a growable in-memory text stream with one position (Python's io.StringIO).
//
//   text    a é € 😀 ...            UTF-8, one string
//   index   |       |       |       the byte offset of every 512th code point, as far as asked for
//
// ASCII text needs no index: there a position is an offset.
//
// Lifetime: results are copies. Thread: const operations may run at once, a mutation needs
// exclusion; seek and read are mutations.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quire/detail/export.h"
#include "quire/detail/newlines.h"
#include "quire/text_stream.h"

namespace quire {

class QUIRE_API StringIO : public TextStream {
 public:
  /// Empty, with lines that end in '\n' and no translation.
  StringIO() noexcept = default;

  /// Starts with `initial`, position 0. Line endings in it are translated as if it were written:
  /// with std::nullopt to '\n', with "" not at all, with "\r" and "\r\n" from '\n' to these.
  /// Errors: UnicodeDecodeError, std::invalid_argument for an unknown newline.
  explicit StringIO(std::string_view initial, Newline newline = "\n");

  StringIO(const StringIO&) = delete;
  StringIO& operator=(const StringIO&) = delete;

  StringIO(StringIO&& other) noexcept { swap(other); }

  StringIO& operator=(StringIO&& other) noexcept {
    StringIO(std::move(other)).swap(*this);
    return *this;
  }

  ~StringIO() override;

  void swap(StringIO& other) noexcept;

  [[nodiscard]] bool closed() const noexcept override { return closed_; }

  [[nodiscard]] bool readable() const override;
  [[nodiscard]] bool writable() const override;
  [[nodiscard]] bool seekable() const override;
  [[nodiscard]] std::vector<std::string_view> newlines() const override;
  [[nodiscard]] bool line_buffering() const override;

  /// Cost: O(result).
  [[nodiscard]] std::string read(std::ptrdiff_t size = -1) override;

  /// Cost: O(result).
  [[nodiscard]] std::string readline(std::ptrdiff_t limit = -1) override;

  /// Cost:   amortised O(text) at the end; elsewhere what follows moves if the replaced code points
  ///         took a different number of bytes.
  /// Errors: ClosedError; UnicodeDecodeError; std::length_error; std::bad_alloc. The stream is then
  ///         unchanged.
  std::size_t write(std::string_view text) override;

  /// Cost: O(1), a scan of at most 512 code points; the first time that far into text that is not
  ///       ASCII, a scan from the farthest point before.
  std::size_t seek(std::ptrdiff_t offset, Whence whence = Whence::Begin) override;

  [[nodiscard]] std::size_t tell() const override {
    check_open();
    return position_;
  }

  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override;
  void flush() override;

  /// Lets go of the text.
  void close() noexcept override;

  /// All text, wherever the position is.
  /// Cost:   a copy; none from a stream that is given up: `std::move(f).getvalue()`.
  /// Errors: ClosedError.
  [[nodiscard]] std::string getvalue() const&;
  [[nodiscard]] std::string getvalue() &&;

  /// Code points in all.
  /// Errors: ClosedError.
  [[nodiscard]] std::size_t size() const {
    check_open();
    return points_;
  }

  /// Bytes of memory that this stream keeps, with room that is not used.
  [[nodiscard]] std::size_t retained_bytes() const noexcept;

 protected:
  /// As write(), for text that is known to be UTF-8, or to be handled as if lone surrogates were.
  /// Errors: std::length_error; std::bad_alloc.
  std::size_t unchecked_write(std::string_view text);

  /// Puts `text` at the position, as it is.
  void put(std::string_view text);

 private:
  [[nodiscard]] bool ascii() const noexcept { return points_ == text_.size(); }

  /// Text from the position on.
  [[nodiscard]] std::string_view rest() const noexcept;

  /// The next `size` bytes, which are `points` code points, and moves behind them.
  [[nodiscard]] std::string take(std::size_t size, std::size_t points);

  /// Byte offset of a code point. REQUIRES: `point <= points_`
  [[nodiscard]] std::size_t locate(std::size_t point);

  // Invariants: `position_ > points_` or `byte_` is its offset; `index_[i]` is the offset of code
  // point `(i + 1) * 512`.
  std::string text_;
  std::vector<std::size_t> index_;
  std::size_t points_ = 0;
  std::size_t position_ = 0;
  std::size_t byte_ = 0;
  detail::NewlineMode mode_ = detail::NewlineMode::Lf;
  detail::NewlineReader reader_{detail::NewlineMode::Lf};
  bool closed_ = false;
};

}  // namespace quire
