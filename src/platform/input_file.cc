#include "quire/detail/input_file.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quire::detail {

InputFile::~InputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int InputFile::open(const char* path) noexcept {
  do {
    descriptor_ = ::open(path, O_RDONLY | O_CLOEXEC);
  } while (descriptor_ < 0 && errno == EINTR);
  if (descriptor_ < 0) return errno;
  struct stat status;
  if (::fstat(descriptor_, &status) != 0) return errno;
  if (S_ISDIR(status.st_mode)) return EISDIR;
  if (S_ISREG(status.st_mode)) size_ = static_cast<std::size_t>(status.st_size);
  return 0;
}

int InputFile::read(std::byte* target, std::size_t count, std::size_t* filled) noexcept {
  ssize_t got;
  do {
    got = ::read(descriptor_, target, count);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  *filled = static_cast<std::size_t>(got);
  return 0;
}

int InputFile::map(std::byte** data) noexcept {
  // Writable, because whoever ends up as the only owner of a block may write to it; private, so
  // that the file never sees that.
  void* const mapped =
      ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor_, 0);
  if (mapped == MAP_FAILED) return errno;
  *data = static_cast<std::byte*>(mapped);
  return 0;
}

void InputFile::unmap(std::byte* data, std::size_t size) noexcept {
  ::munmap(data, size);
}

}  // namespace quire::detail
