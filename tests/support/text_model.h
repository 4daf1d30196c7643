// TextModel: what a text stream must do, as slowly and obviously as possible.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace quire::test {

inline std::string to_utf8(std::u32string_view text) {
  std::string result;
  const auto put = [&](char32_t value) { result += static_cast<char>(value); };
  for (const char32_t point : text) {
    const int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    put(more == 0 ? point : (0xf00U >> (more + 1) & 0xff) | point >> (6 * more));
    for (int i = more - 1; i >= 0; --i) put(0x80 | (point >> (6 * i) & 0x3f));
  }
  return result;
}

/// A string of code points and a position. Lines end by `newline` (std::nullopt: as "\n"), writing
/// translates '\n' to it, or with std::nullopt all endings to '\n'.
struct TextModel {
  std::optional<std::u32string> newline = U"\n";
  std::u32string text;
  std::size_t position = 0;

  std::u32string read(std::ptrdiff_t size) {
    if (position >= text.size()) return {};
    const std::u32string result =
        text.substr(position, size < 0 ? text.npos : static_cast<std::size_t>(size));
    position += result.size();
    return result;
  }

  std::u32string readline(std::ptrdiff_t limit) {
    std::u32string line;
    while (position < text.size() && (limit < 0 || line.size() < static_cast<std::size_t>(limit))) {
      line += text[position++];
      const bool more_of_pair = line.back() == U'\r' && position < text.size() &&
                                text[position] == U'\n' &&
                                (limit < 0 || line.size() < static_cast<std::size_t>(limit));
      if (newline && newline->empty()) {
        if (line.back() == U'\n' || (line.back() == U'\r' && !more_of_pair)) break;
      } else if (line.ends_with(newline.value_or(U"\n"))) {
        break;
      }
    }
    return line;
  }

  std::u32string translated(const std::u32string& written) const {
    std::u32string result;
    for (std::size_t i = 0; i < written.size(); ++i) {
      if (!newline && written[i] == U'\r') {
        if (i + 1 == written.size() || written[i + 1] != U'\n') result += U'\n';
      } else if (newline && !newline->empty() && written[i] == U'\n') {
        result += *newline;
      } else {
        result += written[i];
      }
    }
    return result;
  }

  void write(const std::u32string& written) {
    const std::u32string put = translated(written);
    if (put.empty()) return;
    if (position > text.size()) text.resize(position, U'\0');
    text.replace(position, std::min(put.size(), text.size() - position), put);
    position += put.size();
  }

  void truncate(std::size_t size) {
    if (size < text.size()) text.resize(size);
  }
};

/// Up to `longest` code points, line endings and every length of UTF-8 among them.
inline std::u32string random_text(std::mt19937& random, std::size_t longest, bool ascii = false) {
  // A view from a bare literal would end at the NUL, and once did: no test saw a point behind it.
  using std::string_view_literals::operator""sv;
  constexpr std::u32string_view kPoints =
      U"ab\n\r\n\rc\0\x7f"
      U"é\u07ff€\ufeff\uffff😀\U0010ffff"sv;
  constexpr std::size_t kAscii = 9;
  std::u32string result;
  for (std::size_t size = random() % (longest + 1); result.size() < size;) {
    result += kPoints[random() % (ascii ? kAscii : kPoints.size())];
  }
  return result;
}

}  // namespace quire::test
