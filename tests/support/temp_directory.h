// TempDirectory: a directory of its own for a test that works on real files.
//
// Lifetime: removes the directory and what is in it. Thread: one.
#pragma once

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include <stdlib.h>
#include <unistd.h>

#include "support/file_content.h"

namespace quire::test {

/// For a test that makes many files and needs no disk.
inline std::string fast_directory() {
  return ::access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/var/tmp";
}

class TempDirectory {
 public:
  TempDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "quire-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
  }

  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  ~TempDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const { return path_; }

  /// The path of a file in it, which need not exist.
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

  /// Makes a file with this content; returns its path.
  std::string make(const std::string& name, const std::string& content) const {
    std::ofstream(file(name), std::ios::binary) << content;
    return file(name);
  }

  /// The content of a file, read without quire.
  [[nodiscard]] std::string content(const std::string& name) const {
    return file_content(file(name));
  }

 private:
  std::string path_;
};

}  // namespace quire::test
