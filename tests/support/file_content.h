// file_content(): all that a file has, read without quire.
//
// Lifetime: none. Thread: any.
#pragma once

#include <algorithm>
#include <fstream>
#include <ios>
#include <string>

namespace quire::test {

/// Nothing where there is no such file. At once: byte by byte it is what a sanitized test takes longest for.
inline std::string file_content(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::string content(static_cast<std::size_t>(std::max<std::streamoff>(file.tellg(), 0)), '\0');
  file.seekg(0);
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  return content;
}

}  // namespace quire::test
