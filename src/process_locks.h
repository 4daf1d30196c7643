// process_locks: every lock of the library, in the order in which one thread may take several. A
// fork takes them all, so that the child finds none held by a thread that it does not have.
//
// Lifetime: the process. Thread: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace quire::detail {

/// Many locks for many more objects: two objects may have the same one, so nobody holds two.
class StripedLock {
 public:
  constexpr StripedLock() noexcept = default;

  [[nodiscard]] std::mutex& of(const void* object) noexcept {
    return stripes_[reinterpret_cast<std::uintptr_t>(object) / 64 % stripes_.size()];
  }

  void lock_all() noexcept {
    for (std::mutex& stripe : stripes_) stripe.lock();
  }

  void unlock_all() noexcept {
    for (std::mutex& stripe : stripes_) stripe.unlock();
  }

 private:
  std::array<std::mutex, 16> stripes_{};
};

struct ProcessLocks {
  // Held while a disk works. First, so that a fork that waits for them makes nobody wait for the rest.
  StripedLock spill_blocks;  ///< what a spilled block's pages are
  StripedLock spill_files;   ///< a temporary file that is written to

  std::mutex reports;   ///< the list of MemoryReports
  StripedLock layouts;  ///< what a mapped block's pages are
  StripedLock files;    ///< a memory file's descriptor
  std::mutex cache;     ///< the freed mappings
  std::mutex ledgers;   ///< the list of the threads' ledgers
};

extern ProcessLocks process_locks;

}  // namespace quire::detail
