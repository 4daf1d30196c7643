#include "quire/detail/temporary_file.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#  include <linux/magic.h>
#  include <sys/vfs.h>
#endif

#include "file_growth.h"

namespace quire::detail::temporary_file {

namespace {

std::atomic<FaultHook> fault_hook = nullptr;

int fault(Call call) noexcept {
  const FaultHook hook = fault_hook.load(std::memory_order_acquire);
  return hook == nullptr ? 0 : hook(call);
}

#ifdef __linux__
constexpr int kAnonymous = O_TMPFILE;
#else
constexpr int kAnonymous = 0;
#endif

/// Makes a file with a name and takes the name away.
int create_and_unlink(const char* directory) noexcept {
  try {
    std::string path = std::string(directory) + "/quire-XXXXXX";
    const int made = ::mkostemp(path.data(), O_CLOEXEC);
    if (made >= 0) ::unlink(path.c_str());
    return made;
  } catch (...) {
    errno = ENOMEM;
    return -1;
  }
}

}  // namespace

void set_fault_hook(FaultHook hook) noexcept {
  fault_hook.store(hook, std::memory_order_release);
}

bool in_memory([[maybe_unused]] const char* directory) noexcept {
#ifdef __linux__
  struct statfs status;
  if (::statfs(directory, &status) != 0) return false;
  return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
#else
  return false;
#endif
}

int create(const char* directory, int* file) noexcept {
  if (const int error = fault(Call::Create)) return error;
  int made = -1;
  // EISDIR and EINVAL: a kernel or a file system that does not know files without a name.
  if (kAnonymous != 0) made = ::open(directory, kAnonymous | O_RDWR | O_CLOEXEC, 0600);
  if (kAnonymous == 0 ||
      (made < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))) {
    made = create_and_unlink(directory);
  }
  if (made < 0) return errno;
  *file = made;
  return 0;
}

int create_in_memory(int* file) noexcept {
#ifdef __linux__
  if (const int error = fault(Call::Create)) return error;
  const int made = ::memfd_create("quire:path", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (made < 0) return errno;
  *file = made;
  return 0;
#else
  static_cast<void>(file);
  return ENOSYS;
#endif
}

void close(int file) noexcept {
  ::close(file);
}

int allocate(int file, std::size_t offset, std::size_t size) noexcept {
  if (const int error = fault(Call::Allocate)) return error;
  const FileGrowth growth(offset + size);
  if (!growth.allowed()) return EFBIG;
#ifdef __linux__
  int result;
  do {
    result = ::fallocate(file, 0, static_cast<off_t>(offset), static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return 0;
  if (errno != EOPNOTSUPP && errno != ENOSYS) return errno;
#endif
  struct stat status;
  if (::fstat(file, &status) != 0) return errno;
  if (status.st_size >= static_cast<off_t>(offset + size)) return 0;
  return ::ftruncate(file, static_cast<off_t>(offset + size)) == 0 ? 0 : errno;
}

int write(int file, const std::byte* data, std::size_t size, std::size_t offset) noexcept {
  if (const int error = fault(Call::Write)) return error;
  return write_at(file, data, size, offset);
}

int read(int file, std::byte* data, std::size_t size, std::size_t offset,
         std::size_t* filled) noexcept {
  ssize_t got;
  do {
    got = ::pread(file, data, size, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return errno;
  *filled = static_cast<std::size_t>(got);
  return 0;
}

int copy([[maybe_unused]] int from, [[maybe_unused]] int to, [[maybe_unused]] std::size_t offset,
         [[maybe_unused]] std::size_t size) noexcept {
#ifdef __linux__
  if (const int error = fault(Call::Copy)) return error;
  const FileGrowth growth(offset + size);
  if (!growth.allowed()) return EFBIG;
  auto source = static_cast<off64_t>(offset);
  off64_t target = source;
  while (size != 0) {
    const ssize_t copied = ::copy_file_range(from, &source, to, &target, size, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied <= 0) return copied < 0 ? errno : EIO;
    size -= static_cast<std::size_t>(copied);
  }
  return 0;
#else
  return ENOSYS;
#endif
}

int cut(int file, std::size_t size) noexcept {
  return ::ftruncate(file, static_cast<off_t>(size)) == 0 ? 0 : errno;
}

int map(int file, std::size_t size, std::byte** data) noexcept {
  if (const int error = fault(Call::Map)) return error;
  void* const mapped =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file, 0);
  if (mapped == MAP_FAILED) return errno;
  *data = static_cast<std::byte*>(mapped);
  return 0;
}

void forget_changes(std::byte* data, std::size_t size) noexcept {
  // When it is refused (locked memory) the pages stay as they are, which is what the file has, too.
  ::madvise(data, size, MADV_DONTNEED);
}

int make_constant(int file, std::size_t size, int* reader) noexcept {
  struct stat status;
  if (::fstat(file, &status) != 0) return errno;
  if (static_cast<std::size_t>(status.st_size) != size) return EBUSY;
  int opened = -1;
  try {
    opened = ::open(path_of(file).c_str(), O_RDONLY | O_CLOEXEC);
  } catch (...) {
    return ENOMEM;
  }
  if (opened < 0) return errno;
  int error = ::fchmod(file, 0400) == 0 ? 0 : errno;
#ifdef __linux__
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (error == 0 && ::fcntl(file, F_ADD_SEALS, kSeals) != 0) error = errno;
  // A file that was not made to be sealed, the second of these in a tmpfs; or one that is sealed.
  if (error == EINVAL || error == EPERM) error = 0;
#endif
  if (error != 0) {
    ::close(opened);
    return error;
  }
  *reader = opened;
  return 0;
}

std::string path_of(int file) {
  return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file);
}

}  // namespace quire::detail::temporary_file
