// InputFile: a file that is read or mapped once, from its start.
//
// Functions that can fail return 0 or an error number as in <cerrno>, and have then done nothing.
//
// Lifetime: the descriptor is closed by the destructor. Thread: one owner, no sharing.
#pragma once

#include <cstddef>

namespace quire::detail {

class InputFile {
 public:
  InputFile() noexcept = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  /// Opens a file, not a directory. Called once.
  [[nodiscard]] int open(const char* path) noexcept;

  /// Bytes in the file when it was opened; 0 where that cannot be told before reading.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The next bytes, at most `count`; `*filled` says how many. None is the end of the file.
  [[nodiscard]] int read(std::byte* target, std::size_t count, std::size_t* filled) noexcept;

  /// Maps all size() bytes. A write to them changes this mapping only.
  /// REQUIRES: size() != 0
  /// Lifetime: until unmap(), whatever becomes of the InputFile. When the file is cut short, touching
  ///           what is gone kills the process.
  [[nodiscard]] int map(std::byte** data) noexcept;

  /// Ends what map() began.
  static void unmap(std::byte* data, std::size_t size) noexcept;

 private:
  int descriptor_ = -1;
  std::size_t size_ = 0;
};

}  // namespace quire::detail
