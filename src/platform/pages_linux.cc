#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <linux/memfd.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_growth.h"
#include "quire/detail/pages.h"

// Newer than the oldest headers that quire is built with.
#ifndef MFD_NOEXEC_SEAL
#  define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MADV_POPULATE_WRITE
#  define MADV_POPULATE_WRITE 23
#endif
#ifndef PR_SET_VMA
#  define PR_SET_VMA 0x53564d41
#  define PR_SET_VMA_ANON_NAME 0
#endif

namespace quire::detail::pages {

namespace {

std::atomic<FaultHook> fault_hook = nullptr;

int fault(Call call) noexcept {
  const FaultHook hook = fault_hook.load(std::memory_order_acquire);
  return hook == nullptr ? 0 : hook(call);
}

constinit std::atomic<std::uint64_t> generation = 1;

const bool forks_are_counted = [] {
  return ::pthread_atfork(nullptr, nullptr,
                          [] { generation.fetch_add(1, std::memory_order_relaxed); }) == 0;
}();

/// What quire allows itself of something that the whole process shares.
class Budget {
 public:
  [[nodiscard]] bool take(std::size_t count, std::size_t limit) noexcept {
    if (used_.fetch_add(count, std::memory_order_relaxed) + count <= limit) return true;
    give(count);
    return false;
  }

  void give(std::size_t count) noexcept { used_.fetch_sub(count, std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> used_ = 0;
};

constinit Budget descriptors;
constinit Budget mappings;

/// Asked each time: the process may lower its limit at any time.
std::size_t allowed_descriptors() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<std::size_t>(std::min<rlim_t>(512, limit.rlim_cur / 8));
}

std::size_t allowed_mappings() noexcept {
  static const std::size_t allowed = [] {
    std::size_t most = 65530;
    if (std::FILE* const file = std::fopen("/proc/sys/vm/max_map_count", "re")) {
      if (std::fscanf(file, "%zu", &most) != 1) most = 65530;
      std::fclose(file);
    }
    return most / 8;
  }();
  return allowed;
}

int protection(Access access) noexcept {
  return access == Access::Read ? PROT_READ : PROT_READ | PROT_WRITE;
}

/// So that /proc/self/smaps tells whose memory it is. Kernels that do not know names refuse.
void name(void* data, std::size_t size) noexcept {
  ::prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, data, size, "quire:mapped");
}

}  // namespace

void set_fault_hook(FaultHook hook) noexcept {
  fault_hook.store(hook, std::memory_order_release);
}

bool available() noexcept {
  static const bool available = [] {
    const char* const wanted = std::getenv("QUIRE_PAGES");
    return wanted == nullptr || std::strcmp(wanted, "copy") != 0;
  }();
  return available;
}

std::size_t page_size() noexcept {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// --- mappings ------------------------------------------------------------------------------------

int map(std::size_t size, std::byte** data) noexcept {
  if (const int error = fault(Call::Map)) return error;
  void* const mapped =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return errno;
  name(mapped, size);
  ::madvise(mapped, size, MADV_NOHUGEPAGE);
  *data = static_cast<std::byte*>(mapped);
  return 0;
}

void unmap(std::byte* data, std::size_t size) noexcept {
  // It may have become one with its neighbours, and what is left of them needs one mapping more.
  if (::munmap(data, size) != 0) ::madvise(data, size, MADV_DONTNEED);
}

int resize(std::byte** data, std::size_t size, std::size_t new_size) noexcept {
  if (const int error = fault(Call::Resize)) return error;
  int flags = MREMAP_MAYMOVE;
  void* place = nullptr;
#ifdef __SANITIZE_THREAD__
  // It does not know mremap, and would take what another thread once wrote there for a race.
  if (new_size > size) {
    place =
        ::mmap(nullptr, new_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place == MAP_FAILED) return errno;
    flags |= MREMAP_FIXED;
  }
#endif
  void* const moved = ::mremap(*data, size, new_size, flags, place);
  if (moved == MAP_FAILED) return errno;
  *data = static_cast<std::byte*>(moved);
  return 0;
}

namespace {

/// Maps a part of a file over what is at `data`.
void* map_file(std::byte* data, std::size_t size, int access, int file,
               std::size_t offset) noexcept {
  constexpr int kFlags = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
#if defined(__LP64__)
  // The thread sanitizer takes mmap() for a write, and reports those who read the bytes meanwhile;
  // but the bytes stay the same.
  // NOLINTNEXTLINE(performance-no-int-to-ptr): a system call returns a number
  return reinterpret_cast<void*>(::syscall(SYS_mmap, data, size, access, kFlags, file, offset));
#else
  return ::mmap(data, size, access, kFlags, file, static_cast<off_t>(offset));
#endif
}

}  // namespace

int map_over(std::byte* data, std::size_t size, int file, std::size_t offset, Access access,
             bool* torn) noexcept {
  *torn = false;
  if (const int error = fault(Call::MapOver)) return error;
  if (const int error = fault(Call::MapOverTorn)) {
    ::munmap(data, size);
    *torn = true;
    return error;
  }
  if (map_file(data, size, protection(access), file, offset) != MAP_FAILED) return 0;
  const int error = errno;
  // Nobody says whether it failed before or after it took away what was there: ask.
  *torn = ::msync(data, size, MS_ASYNC) != 0;
  return error;
}

int renew(std::byte* data, std::size_t size) noexcept {
  if (const int error = fault(Call::MapOver)) return error;
  // What another thread may have mapped here since must not go.
  void* const mapped = ::mmap(data, size, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (mapped == MAP_FAILED) return errno;
  // Kernels that do not know the flag take the address for a wish.
  if (mapped != data) {
    ::munmap(mapped, size);
    return EEXIST;
  }
  name(mapped, size);
  return 0;
}

int make_writable(std::byte* data, std::size_t size) noexcept {
  if (const int error = fault(Call::Protect)) return error;
  return ::mprotect(data, size, PROT_READ | PROT_WRITE) == 0 ? 0 : errno;
}

void populate(std::byte* data, std::size_t size) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(data);
  const std::uintptr_t first = (begin + kHugePage - 1) & ~(kHugePage - 1);
  const std::uintptr_t last = (begin + size) & ~(kHugePage - 1);
  if (first < last) {
    const std::size_t before = first - begin;
    const std::size_t whole = last - first;
    // Afterwards the same as its neighbours again, so that it remains one mapping for mremap.
    if (::madvise(data + before, whole, MADV_HUGEPAGE) == 0) {
      ::madvise(data + before, whole, MADV_POPULATE_WRITE);
      ::madvise(data + before, whole, MADV_NOHUGEPAGE);
    }
  }
  ::madvise(data, size, MADV_POPULATE_WRITE);
}

// --- memory files --------------------------------------------------------------------------------

int create_file(int* file) noexcept {
  if (const int error = fault(Call::MemoryFile)) return error;
  if (!forks_are_counted) return ENOSYS;
  if (!descriptors.take(1, allowed_descriptors())) return EMFILE;
  int made = ::memfd_create("quire:paged", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  // EINVAL: a kernel before 6.3.
  if (made < 0 && errno == EINVAL) {
    made = ::memfd_create("quire:paged", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  }
  if (made >= 0 && ::fcntl(made, F_ADD_SEALS, F_SEAL_SHRINK) == 0) {
    *file = made;
    return 0;
  }
  const int error = errno;
  if (made >= 0) ::close(made);
  descriptors.give(1);
  return error;
}

int append(int file, const std::byte* data, std::size_t size, std::size_t offset) noexcept {
  if (const int error = fault(Call::Append)) return error;
  return write_at(file, data, size, offset);
}

int read_back(int file, std::byte* data, std::size_t size, std::size_t offset) noexcept {
  while (size != 0) {
    const ssize_t got = ::pread(file, data, size, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? errno : EIO;
    data += got;
    offset += static_cast<std::size_t>(got);
    size -= static_cast<std::size_t>(got);
  }
  return 0;
}

void close_file(int file) noexcept {
  ::close(file);
  descriptors.give(1);
}

// --- what a process knows of itself --------------------------------------------------------------

bool take_mappings(std::size_t count) noexcept {
  return mappings.take(count, allowed_mappings());
}

void give_mappings(std::size_t count) noexcept {
  mappings.give(count);
}

std::uint64_t process_generation() noexcept {
  return generation.load(std::memory_order_relaxed);
}

bool before_and_after_fork(void (*before)() noexcept, void (*after)() noexcept) noexcept {
  return ::pthread_atfork(before, after, after) == 0;
}

int read_pagemap(const std::byte* data, std::size_t count, std::uint64_t* words) noexcept {
  if (const int error = fault(Call::ReadPagemap)) return error;
  // Opened each time: a descriptor kept over a fork would still show the parent's pages.
  const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return errno;
  const auto first = reinterpret_cast<std::uintptr_t>(data) / page_size() * sizeof(*words);
  const int error =
      read_back(file, reinterpret_cast<std::byte*>(words), count * sizeof(*words), first);
  ::close(file);
  return error;
}

}  // namespace quire::detail::pages
