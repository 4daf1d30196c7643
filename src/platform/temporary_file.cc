#include "quire/detail/temporary_file.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#  include <linux/magic.h>
#  include <sys/vfs.h>

#  include "memfd.h"
#endif

#include "file_growth.h"

namespace quire::detail::temporary_file {

namespace {

std::atomic<FaultHook> fault_hook = nullptr;

int fault(Call call) noexcept {
  const FaultHook hook = fault_hook.load(std::memory_order_acquire);
  return hook == nullptr ? 0 : hook(call);
}

/// Makes a file that never has a name.
int create_unnamed([[maybe_unused]] const char* directory, [[maybe_unused]] int* file) noexcept {
#ifdef __linux__
  if (const int error = fault(Call::Create)) return error;
  const int made = ::open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (made < 0) return errno;
  *file = made;
  return 0;
#else
  return EOPNOTSUPP;
#endif
}

/// Makes a file with a name and takes the name away.
int create_and_unlink(const char* directory, int* file) noexcept {
  if (const int error = fault(Call::CreateNamed)) return error;
  try {
    std::string path = std::string(directory) + "/quire-XXXXXX";
    const int made = ::mkostemp(path.data(), O_CLOEXEC);
    if (made < 0) return errno;
    int error = fault(Call::Unlink);
    if (error == 0 && ::unlink(path.c_str()) != 0) error = errno;
    if (error == 0) {
      *file = made;
    } else {
      // Whoever finds the name could change what streams have there; empty it is harmless.
      ::close(made);
    }
    return error;
  } catch (...) {
    return ENOMEM;
  }
}

int status_of(int file, struct stat* status) noexcept {
  if (const int error = fault(Call::Status)) return error;
  return ::fstat(file, status) == 0 ? 0 : errno;
}

/// Makes a file one that nobody can write to.
int protect(int file) noexcept {
  if (const int error = fault(Call::Protect)) return error;
  return ::fchmod(file, 0400) == 0 ? 0 : errno;
}

/// Seals a file for good, if it is of the kind that can be sealed.
int seal([[maybe_unused]] int file) noexcept {
#ifdef __linux__
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  constexpr int kTries = 10;
  int error = fault(Call::Seal);
  // Each waits a tenth of a second for who has a page in hand, as the system has when it moves memory about.
  for (int left = error == 0 ? kTries : 0; left != 0; --left) {
    if (::fcntl(file, F_ADD_SEALS, kSeals) == 0) return 0;
    error = errno;
    if (error != EBUSY) break;
  }
  // None that can be: on a disk, or in a tmpfs. Or one that is.
  const int seals = ::fcntl(file, F_GET_SEALS);
  return seals < 0 || (seals & F_SEAL_SEAL) != 0 ? 0 : error;
#else
  return 0;
#endif
}

}  // namespace

void set_fault_hook(FaultHook hook) noexcept {
  fault_hook.store(hook, std::memory_order_release);
}

#ifdef __linux__
namespace {

bool in_memory(const struct statfs& system) noexcept {
  return system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC ||
         system.f_type == HUGETLBFS_MAGIC;
}

}  // namespace

bool in_memory(const char* directory) noexcept {
  struct statfs system;
  return ::statfs(directory, &system) == 0 && in_memory(system);
}

bool in_memory(int file) noexcept {
  struct statfs system;
  return ::fstatfs(file, &system) == 0 && in_memory(system);
}
#else
bool in_memory(const char*) noexcept {
  return false;
}

bool in_memory(int) noexcept {
  return false;
}
#endif

std::size_t memory_of(int file) noexcept {
  struct stat status;
  if (!in_memory(file) || ::fstat(file, &status) != 0) return 0;
  return static_cast<std::size_t>(status.st_blocks) * 512;
}

int create(const char* directory, int* file) noexcept {
  const int error = create_unnamed(directory, file);
  // EISDIR and EINVAL: a kernel or a file system that does not know files without a name.
  const bool unknown = error == EOPNOTSUPP || error == EISDIR || error == EINVAL;
  return unknown ? create_and_unlink(directory, file) : error;
}

int create_in_memory(int* file) noexcept {
#ifdef __linux__
  if (const int error = fault(Call::Create)) return error;
  const int made = new_memfd("quire:path");
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

namespace {

int reserve([[maybe_unused]] int file, [[maybe_unused]] std::size_t offset,
            [[maybe_unused]] std::size_t size) noexcept {
#ifdef __linux__
  if (const int error = fault(Call::Allocate)) return error;
  int result;
  do {
    result = ::fallocate(file, 0, static_cast<off_t>(offset), static_cast<off_t>(size));
  } while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
#else
  return EOPNOTSUPP;
#endif
}

}  // namespace

int allocate(int file, std::size_t offset, std::size_t size) noexcept {
  const FileGrowth growth(offset + size);
  if (!growth.allowed()) return EFBIG;
  const int reserved = reserve(file, offset, size);
  if (reserved != EOPNOTSUPP && reserved != ENOSYS) return reserved;
  struct stat status;
  if (const int error = status_of(file, &status)) return error;
  if (status.st_size >= static_cast<off_t>(offset + size)) return 0;
  // Not its size: a forked process may have made the file longer meanwhile, and would find it cut. What is
  // zeroed here nobody has written to: a file that two processes have is not written back to.
  constexpr std::byte kZero{};
  return write(file, &kZero, 1, offset + size - 1);
}

int write(int file, const std::byte* data, std::size_t size, std::size_t offset) noexcept {
  if (const int error = fault(Call::Write)) return error;
  return write_at(file, data, size, offset);
}

int read(int file, std::byte* data, std::size_t size, std::size_t offset,
         std::size_t* filled) noexcept {
  if (const int error = fault(Call::Read)) return error;
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
  return move_all(size, [&](std::size_t done) {
    return ::copy_file_range(from, &source, to, &target, size - done, 0);
  });
#else
  return ENOSYS;
#endif
}

int set_size(int file, std::size_t size) noexcept {
  if (const int error = fault(Call::SetSize)) return error;
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
  if (fault(Call::Advise) == 0) ::madvise(data, size, MADV_DONTNEED);
}

int make_constant(int file, std::size_t size, int* reader) noexcept {
  struct stat status;
  if (const int error = status_of(file, &status)) return error;
  if (static_cast<std::size_t>(status.st_size) != size) return EBUSY;
  if (const int error = fault(Call::Reopen)) return error;
  int opened = -1;
  try {
    opened = ::open(path_of(file).c_str(), O_RDONLY | O_CLOEXEC);
  } catch (...) {
    return ENOMEM;
  }
  if (opened < 0) return errno;
  int error = protect(file);
  if (error == 0) error = seal(file);
  if (error != 0) {
    ::close(opened);
    return error;
  }
  *reader = opened;
  return 0;
}

namespace {

constexpr std::string_view kProcesses = "/proc/";
constexpr std::string_view kFiles = "/fd/";
constexpr std::size_t kDigits = std::numeric_limits<int>::digits10 + 1;
constexpr std::size_t kLongestPath = kProcesses.size() + kDigits + kFiles.size() + kDigits;

}  // namespace

// Not /proc/self: the name is also for processes that have not got the descriptor.
std::string path_of(int file) {
  std::string path;
  // A child's number may be longer than its parent's, and there is nobody to tell that memory is short.
  path.reserve(kLongestPath);
  path += kProcesses;
  path += std::to_string(::getpid());
  path += kFiles;
  path += std::to_string(file);
  return path;
}

void take_over_path(std::string& path) noexcept {
  if (path.empty()) return;
  std::array<char, kDigits> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), ::getpid()).ptr;
  const std::string_view process(digits.data(), static_cast<std::size_t>(end - digits.data()));
  const std::size_t length = path.find('/', kProcesses.size()) - kProcesses.size();
  // Written to only in a child, so that reading it is no more than that.
  if (path.compare(kProcesses.size(), length, process) == 0) return;
  path.replace(kProcesses.size(), length, process);
}

}  // namespace quire::detail::temporary_file
