// StreamModel: what a BytesIO must do, as slowly and obviously as possible.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

namespace quire::test {

/// A string and a position; every result is a copy.
struct StreamModel {
  std::string data;
  std::size_t position = 0;

  std::string read_at(std::size_t offset, std::size_t count) const {
    return offset < data.size() ? data.substr(offset, count) : std::string();
  }

  std::string read(std::ptrdiff_t size) {
    const std::string result =
        read_at(position, size < 0 ? data.size() : static_cast<std::size_t>(size));
    position += result.size();
    return result;
  }

  std::string readline(std::ptrdiff_t size) {
    std::string line;
    while (position < data.size() && (size < 0 || line.size() < static_cast<std::size_t>(size))) {
      line += data[position++];
      if (line.back() == '\n') break;
    }
    return line;
  }

  void write_at(std::size_t offset, const std::string& bytes) {
    if (bytes.empty()) return;
    if (offset > data.size()) data.append(offset - data.size(), '\0');
    data.replace(offset, std::min(bytes.size(), data.size() - offset), bytes);
  }

  void write(const std::string& bytes) {
    write_at(position, bytes);
    position += bytes.size();
  }

  void truncate(std::size_t size) {
    if (size < data.size()) data.resize(size);
  }

  /// Whether writing `count` bytes at `offset` would change the size.
  bool write_resizes(std::size_t offset, std::size_t count) const {
    return count != 0 && offset + count > data.size();
  }
};

}  // namespace quire::test
