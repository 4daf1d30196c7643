#include "quire/text_stream.h"

#include "quire/detail/codec.h"
#include "quire/error.h"

namespace quire {

TextStream::~TextStream() = default;

void TextStream::check_open() const {
  if (closed()) detail::throw_closed();
}

bool TextStream::isatty() const {
  check_open();
  return false;
}

int TextStream::fileno() const {
  detail::throw_unsupported("fileno");
}

std::optional<std::string_view> TextStream::encoding() const noexcept {
  return std::nullopt;
}

std::optional<std::string_view> TextStream::errors() const noexcept {
  return std::nullopt;
}

std::vector<std::string> TextStream::readlines(std::ptrdiff_t hint) {
  check_open();
  std::vector<std::string> lines;
  std::size_t total = 0;
  for (std::string line = readline(); !line.empty(); line = readline()) {
    // Python's text streams stop behind the hint, its BytesIO at it.
    if (hint > 0) total += detail::count_points(line);
    lines.push_back(std::move(line));
    if (hint > 0 && total > static_cast<std::size_t>(hint)) break;
  }
  return lines;
}

void detail::check_text_seek(std::ptrdiff_t offset, Whence whence) {
  switch (whence) {
    case Whence::Begin:
      if (offset < 0) throw_invalid("negative seek position " + std::to_string(offset));
      return;
    case Whence::Current:
      if (offset != 0) throw_unsupported("can't do nonzero cur-relative seeks");
      return;
    case Whence::End:
      if (offset != 0) throw_unsupported("can't do nonzero end-relative seeks");
      return;
  }
  throw_invalid("invalid whence (" + std::to_string(static_cast<int>(whence)) +
                ", should be 0, 1 or 2)");
}

}  // namespace quire
