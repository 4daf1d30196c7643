#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "file_growth.h"
#include "memfd.h"
#include "quire/detail/pages.h"

// Newer than the oldest headers that quire is built with.
#ifndef MADV_POPULATE_WRITE
#  define MADV_POPULATE_WRITE 23
#endif
#ifndef MADV_COLLAPSE
#  define MADV_COLLAPSE 25
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

/// Bytes from an address to where a huge page may begin.
std::size_t to_huge_page(const void* data) noexcept {
  return -reinterpret_cast<std::uintptr_t>(data) & (kHugePage - 1);
}

/// Advice that nothing but time and memory depends on, or that the caller asks about.
int advise(void* data, std::size_t size, int advice) noexcept {
  if (const int error = fault(Call::Advise)) return error;
  return ::madvise(data, size, advice) == 0 ? 0 : errno;
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

namespace {

void* map_anonymous(void* data, std::size_t size, int flags) noexcept {
  return ::mmap(data, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/// As all mappings of blocks are that are not a file's, so that neighbours become one.
void set_up(void* mapped, std::size_t size) noexcept {
  name(mapped, size);
  static_cast<void>(advise(mapped, size, MADV_NOHUGEPAGE));
}

/// An empty mapping or another in its place that begins with a huge page. Newer kernels see to that
/// where the size is a whole number of them.
void* at_huge_page(void* mapped, std::size_t size) noexcept {
  if (to_huge_page(mapped) == 0) return mapped;
  void* const roomy = map_anonymous(nullptr, size + kHugePage, 0);
  if (roomy == MAP_FAILED) return mapped;
  unmap(static_cast<std::byte*>(mapped), size);
  const std::size_t before = to_huge_page(roomy);
  auto* const begin = static_cast<std::byte*>(roomy) + before;
  if (before != 0) unmap(begin - before, before);
  unmap(begin + size, kHugePage - before);
  return begin;
}

}  // namespace

int map(std::size_t size, std::byte** data) noexcept {
  if (const int error = fault(Call::Map)) return error;
  void* mapped = map_anonymous(nullptr, size, 0);
  if (mapped == MAP_FAILED) return errno;
  if (size >= 2 * kHugePage) mapped = at_huge_page(mapped, size);
  set_up(mapped, size);
  *data = static_cast<std::byte*>(mapped);
  return 0;
}

void unmap(std::byte* data, std::size_t size) noexcept {
  if (size == 0) return;
  if (fault(Call::Unmap) == 0 && ::munmap(data, size) == 0) return;
  // Who calls is about to forget the mapping, and most often a destructor: nobody could do more about
  // it than this. It is refused where the mapping has become one with its neighbours on both sides,
  // for what is left of them needs one mapping more than the process may have.
  static_cast<void>(advise(data, size, MADV_DONTNEED));
  // Should it be a file's: that goes, too. The addresses stay taken, so that nobody else gets them. Last,
  // for if this is refused nobody knows whether they are.
  if (fault(Call::MapOver) == 0) {
    ::mmap(data, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  }
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

namespace {

/// What map_over() does, with `map` for the call.
template <class Map>
int replace(std::byte* data, std::size_t size, bool* torn, Map map) noexcept {
  *torn = false;
  if (const int error = fault(Call::MapOver)) return error;
  if (const int error = fault(Call::MapOverTorn)) {
    ::munmap(data, size);
    *torn = true;
    return error;
  }
  if (map() != MAP_FAILED) return 0;
  const int error = errno;
  // Nobody says whether it failed before or after it took away what was there: ask. Any other answer than
  // this one is none.
  *torn = ::msync(data, size, MS_ASYNC) != 0 && errno == ENOMEM;
  return error;
}

}  // namespace

int map_over(std::byte* data, std::size_t size, int file, std::size_t offset, Access access,
             bool* torn) noexcept {
  return replace(data, size, torn,
                 [&] { return map_file(data, size, protection(access), file, offset); });
}

int map_over_new(std::byte* data, std::size_t size, bool* torn) noexcept {
  const int error = replace(data, size, torn, [&] { return map_anonymous(data, size, MAP_FIXED); });
  if (error == 0) set_up(data, size);
  return error;
}

int renew(std::byte* data, std::size_t size) noexcept {
  if (const int error = fault(Call::MapOver)) return error;
  // What another thread may have mapped here since must not go.
  void* const mapped = map_anonymous(data, size, MAP_FIXED_NOREPLACE);
  if (mapped == MAP_FAILED) return errno;
  // Kernels that do not know the flag take the address for a wish.
  if (mapped != data) {
    unmap(static_cast<std::byte*>(mapped), size);
    return EEXIST;
  }
  set_up(mapped, size);
  return 0;
}

int make_writable(std::byte* data, std::size_t size) noexcept {
  if (const int error = fault(Call::Protect)) return error;
  return ::mprotect(data, size, PROT_READ | PROT_WRITE) == 0 ? 0 : errno;
}

void populate(std::byte* data, std::size_t size, bool huge) noexcept {
  const std::size_t before = to_huge_page(data);
  if (huge && size >= before + kHugePage) {
    const std::size_t whole = (size - before) & ~(kHugePage - 1);
    // Afterwards the same as its neighbours again, so that it remains one mapping for mremap.
    if (advise(data + before, whole, MADV_HUGEPAGE) == 0) {
      static_cast<void>(advise(data + before, whole, MADV_POPULATE_WRITE));
      static_cast<void>(advise(data + before, whole, MADV_NOHUGEPAGE));
    }
  }
  static_cast<void>(advise(data, size, MADV_POPULATE_WRITE));
}

// --- memory files --------------------------------------------------------------------------------

namespace {

int seal(int file) noexcept {
  if (const int error = fault(Call::Seal)) return error;
  return ::fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK) == 0 ? 0 : errno;
}

}  // namespace

int create_file(int* file) noexcept {
  if (const int error = fault(Call::MemoryFile)) return error;
  if (!forks_are_counted) return ENOSYS;
  if (!descriptors.take(1, allowed_descriptors())) return EMFILE;
  const int made = new_memfd("quire:paged");
  const int error = made < 0 ? errno : seal(made);
  if (error == 0) {
    *file = made;
    return 0;
  }
  if (made >= 0) ::close(made);
  descriptors.give(1);
  return error;
}

namespace {

/// Where a huge page fits. Another thread may take the place at any time. Null when the system refuses.
std::byte* place_for_huge_page() noexcept {
  void* const roomy =
      ::mmap(nullptr, 2 * kHugePage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (roomy == MAP_FAILED) return nullptr;
  auto* const place = static_cast<std::byte*>(roomy) + to_huge_page(roomy);
  unmap(static_cast<std::byte*>(roomy), 2 * kHugePage);
  return place;
}

/// Writes a huge page to a memory file. Its memory cannot be asked for in huge pages; but a unit that
/// has a page already can be collapsed into one, and then takes the rest without a page fault. False,
/// with some of it written or not, when the system refuses. REQUIRES: `offset` is a huge page's
bool write_huge_page(int file, const std::byte* data, std::size_t offset) noexcept {
  // The last page: what is behind the end of a file cannot be written to through a mapping.
  const std::size_t last = kHugePage - page_size();
  if (write_at(file, data + last, page_size(), offset + last) != 0) return false;
  void* const place = place_for_huge_page();
  if (place == nullptr || fault(Call::Collapse) != 0) return false;
  // Not over a mapping that keeps the place: refused, it may have taken that one away, and nobody could
  // tell whose mapping is there by now.
  void* const mapped = ::mmap(place, kHugePage, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_FIXED_NOREPLACE, file, static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) return false;
  // Kernels that do not know the flag take the address for a wish.
  const bool collapsed = mapped == place && advise(mapped, kHugePage, MADV_COLLAPSE) == 0;
  if (collapsed) std::memcpy(mapped, data, last);
  unmap(static_cast<std::byte*>(mapped), kHugePage);
  return collapsed;
}

}  // namespace

int append(int file, const std::byte* data, std::size_t size, std::size_t offset,
           bool huge) noexcept {
  if (const int error = fault(Call::Append)) return error;
  if (!huge) return write_at(file, data, size, offset);
  while (size != 0) {
    const std::size_t unit = kHugePage - offset % kHugePage;
    const std::size_t piece = std::min(size, unit);
    if (piece != kHugePage || !write_huge_page(file, data, offset)) {
      if (const int error = write_at(file, data, piece, offset)) return error;
    }
    data += piece;
    offset += piece;
    size -= piece;
  }
  return 0;
}

int read_back(int file, std::byte* data, std::size_t size, std::size_t offset) noexcept {
  if (const int error = fault(Call::ReadBack)) return error;
  return move_all(size, [=](std::size_t done) {
    return ::pread(file, data + done, size - done, static_cast<off_t>(offset + done));
  });
}

int give_back(int file, std::size_t offset, std::size_t size) noexcept {
  if (const int error = fault(Call::GiveBack)) return error;
  constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const bool done =
      ::fallocate(file, kHole, static_cast<off_t>(offset), static_cast<off_t>(size)) == 0;
  return done ? 0 : errno;
}

void close_file(int file) noexcept {
  ::close(file);
  descriptors.give(1);
}

// --- what a process knows of itself --------------------------------------------------------------

bool take_mappings(std::size_t count, MappingOf of) noexcept {
  return mappings.take(count, allowed_mappings() * (of == MappingOf::Disk ? 2 : 1));
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
