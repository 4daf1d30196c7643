#include "quire/detail/newlines.h"

#include <algorithm>
#include <cstring>

#include "quire/error.h"

namespace quire::detail {
namespace {

/// How far to look at first; each further look is twice as far.
constexpr std::size_t kFirstLook = 128;

/// Offset of the first '\r' or '\n' from `from` on, or npos.
std::size_t find_any(std::string_view text, std::size_t from) noexcept {
  // Two searches to the end of the text would be quadratic in a text that has one kind only.
  for (std::size_t look = kFirstLook; from < text.size(); look *= 2) {
    const std::string_view window = text.substr(from, look);
    const std::size_t lf = window.find('\n');
    const std::size_t cr = window.substr(0, lf).find('\r');
    if (cr != std::string_view::npos) return from + cr;
    if (lf != std::string_view::npos) return from + lf;
    from += window.size();
  }
  return std::string_view::npos;
}

std::size_t behind(std::size_t found, std::size_t size) noexcept {
  return found == std::string_view::npos ? found : found + size;
}

}  // namespace

NewlineMode find_newline_mode(std::string_view newline) {
  if (newline.empty()) return NewlineMode::Untranslated;
  if (newline == "\n") return NewlineMode::Lf;
  if (newline == "\r") return NewlineMode::Cr;
  if (newline == "\r\n") return NewlineMode::CrLf;
  std::string shown;
  for (const char c : newline) {
    if (c == '\n') {
      shown += "\\n";
    } else if (c == '\r') {
      shown += "\\r";
    } else {
      shown += c;
    }
  }
  throw_invalid("illegal newline value: '" + shown + "'");
}

std::size_t line_end(std::string_view text, NewlineMode mode, std::size_t from) noexcept {
  switch (mode) {
    case NewlineMode::Cr:
      return behind(text.find('\r', from), 1);
    case NewlineMode::CrLf:
      return behind(text.find("\r\n", from == 0 ? 0 : from - 1), 2);
    case NewlineMode::Untranslated: {
      const std::size_t found = find_any(text, from);
      return behind(found, found != text.npos && text.substr(found, 2) == "\r\n" ? 2 : 1);
    }
    case NewlineMode::Universal:
    case NewlineMode::Lf:
      break;
  }
  return behind(text.find('\n', from), 1);
}

std::string_view to_written(std::string_view text, NewlineMode mode, std::string& buffer) {
  const bool changes = mode == NewlineMode::Cr || mode == NewlineMode::CrLf;
  if (!changes || text.find('\n') == text.npos) return text;
  buffer.clear();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    buffer.append(text, at, end - at);
    if (end < text.size()) buffer += mode == NewlineMode::Cr ? "\r" : "\r\n";
    at = end + 1;
  }
  return buffer;
}

void NewlineReader::read(std::string& text, std::size_t from, bool last) {
  if (!active()) return;
  if (waiting_ && (last || text.size() > from)) {
    text.insert(from, 1, '\r');
    waiting_ = false;
  }
  if (!last && text.size() > from && text.back() == '\r') {
    text.pop_back();
    waiting_ = true;
  }
  std::size_t kept = from;
  for (std::size_t at = from; at < text.size();) {
    const std::size_t found = std::min(find_any(text, at), text.size());
    if (kept != at) std::memmove(text.data() + kept, text.data() + at, found - at);
    kept += found - at;
    if (found == text.size()) break;
    const bool pair = text.compare(found, 2, "\r\n") == 0;
    (pair ? crlf_ : text[found] == '\r' ? cr_ : lf_) = true;
    at = found + (pair ? 2 : 1);
    if (mode_ == NewlineMode::Universal) {
      text[kept++] = '\n';
    } else {
      kept += at - found;
    }
  }
  text.resize(kept);
}

std::vector<std::string_view> NewlineReader::seen() const {
  std::vector<std::string_view> result;
  if (cr_) result.emplace_back("\r");
  if (lf_) result.emplace_back("\n");
  if (crlf_) result.emplace_back("\r\n");
  return result;
}

}  // namespace quire::detail
