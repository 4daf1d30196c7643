#include "memory_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <new>

#include "process_locks.h"
#include "quire/detail/block.h"
#include "quire/detail/temporary_file.h"

namespace quire::detail {

namespace {

/// Of a file that may be in any child.
constexpr std::uint64_t kUnknown = UINT64_MAX;

}  // namespace

MemoryFile::MemoryFile(int descriptor, bool on_disk) noexcept
    : descriptor_(descriptor),
      on_disk_(on_disk),
      forks_(forks_are_noticed() ? process_locks.forks.load(std::memory_order_relaxed) : kUnknown) {
}

bool MemoryFile::forked() const noexcept {
  return forks_ != process_locks.forks.load(std::memory_order_relaxed);
}

std::size_t MemoryFile::memory() const noexcept {
  if (on_disk_) return temporary_file::memory_of(descriptor());
  return size() - given_back_.load(std::memory_order_relaxed);
}

MemoryFile* MemoryFile::create() noexcept {
  int descriptor = -1;
  if (pages::create_file(&descriptor) != 0) return nullptr;
  auto* const file = new (std::nothrow) MemoryFile(descriptor, false);
  if (file == nullptr) pages::close_file(descriptor);
  return file;
}

void MemoryFile::release() noexcept {
  if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

int MemoryFile::append(const std::byte* data, std::size_t size, std::size_t offset,
                       bool huge) noexcept {
  const std::lock_guard lock(process_locks.files.of(this));
  return grows() ? pages::append(descriptor_, data, size, offset, huge) : EBADF;
}

void MemoryFile::give_back(std::size_t offset, std::size_t size) noexcept {
  // A fork waits for the lock, and what it copies no longer shows these bytes.
  const std::lock_guard lock(process_locks.files.of(this));
  if (on_disk_ || !open() || sealed_.load(std::memory_order_relaxed) || !unique() || forked()) {
    return;
  }
  if (pages::give_back(descriptor(), offset, size) == 0 && !take_back(offset, size)) {
    given_back_.fetch_add(size, std::memory_order_relaxed);
  }
}

int MemoryFile::map_over(std::byte* data, std::size_t size, std::size_t offset,
                         pages::Access access, bool* torn) noexcept {
  const std::lock_guard lock(process_locks.files.of(this));
  *torn = false;
  return open() ? pages::map_over(data, size, descriptor_, offset, access, torn) : EBADF;
}

int MemoryFile::map_in_place(std::byte* data, std::size_t size, std::size_t offset,
                             pages::Access access) noexcept {
  // Until the bytes are there again nobody may close the file, which has the only copy of them.
  const std::lock_guard lock(process_locks.files.of(this));
  if (!open()) return EBADF;
  bool torn = false;
  const int error = pages::map_over(data, size, descriptor_, offset, access, &torn);
  if (!torn) return error;
  // Whoever has a handle of the bytes must go on seeing them.
  if (pages::renew(data, size) != 0) end_without_bytes();
  if (pages::read_back(descriptor_, data, size, offset) == 0) return error;
  // The place is ours again, so that nobody else's bytes are there: the file's may be mapped this time.
  if (pages::map_over(data, size, descriptor_, offset, access, &torn) != 0) end_without_bytes();
  return 0;
}

bool MemoryFile::holds(const std::byte* data, std::size_t size, std::size_t offset) const noexcept {
  std::array<std::byte, 512> piece;
  for (std::size_t done = 0; done < size; done += piece.size()) {
    const std::size_t some = std::min(piece.size(), size - done);
    if (pages::read_back(descriptor_, piece.data(), some, offset + done) != 0) return false;
    if (std::memcmp(piece.data(), data + done, some) != 0) return false;
  }
  return true;
}

int MemoryFile::seal(std::size_t size, const std::byte* rest, std::size_t rest_size,
                     int* reader) noexcept {
  const std::lock_guard lock(process_locks.files.of(this));
  const std::size_t whole = size + rest_size;
  if (!open()) return EBADF;
  if (sealed_.load(std::memory_order_relaxed)) {
    const bool same = holds(rest, rest_size, size);
    return same ? temporary_file::make_constant(descriptor_, whole, reader) : EBUSY;
  }
  if (!grows()) return EBADF;
  // Whoever sets bytes aside after this finds that the file no longer grows.
  std::size_t expected = size;
  if (!size_.compare_exchange_strong(expected, whole, std::memory_order_relaxed)) return EBUSY;
  int error = rest_size == 0 ? 0 : pages::append(descriptor_, rest, rest_size, size, false);
  if (error == 0) error = temporary_file::make_constant(descriptor_, whole, reader);
  if (error == 0) {
    sealed_.store(true, std::memory_order_relaxed);
  } else {
    take_back(size, rest_size);
  }
  return error;
}

MemoryFile::~MemoryFile() {
  tell_memory_gone(this);
  retire();
}

void MemoryFile::retire() noexcept {
  // Its stream goes on with it.
  if (on_disk_) return;
  const std::lock_guard lock(process_locks.files.of(this));
  const int descriptor = descriptor_.exchange(-1, std::memory_order_relaxed);
  if (descriptor >= 0) pages::close_file(descriptor);
}

void end_without_bytes() noexcept {
  std::fputs("quire: the system took away a mapping that is in use, and refuses another\n", stderr);
  std::abort();
}

}  // namespace quire::detail
