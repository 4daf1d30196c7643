// process_locks: every lock of the library, in the order in which one thread may take several. A
// fork takes them all, so that the child finds none held by a thread that it does not have.
//
// Lifetime: the process. Thread: any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace quire::detail {

/// Many locks for many more objects: two objects may have the same one, so nobody holds two.
template <std::size_t Count>
class StripedLock {
 public:
  constexpr StripedLock() noexcept = default;

  [[nodiscard]] std::mutex& of(const void* object) noexcept {
    return stripes_[reinterpret_cast<std::uintptr_t>(object) / 64 % stripes_.size()];
  }

  /// For a file that belongs to no object.
  [[nodiscard]] std::mutex& of_file(int descriptor) noexcept {
    return stripes_[static_cast<unsigned>(descriptor) % stripes_.size()];
  }

  void lock_all() noexcept {
    for (std::mutex& stripe : stripes_) stripe.lock();
  }

  void unlock_all() noexcept {
    for (std::mutex& stripe : stripes_) stripe.unlock();
  }

 private:
  std::array<std::mutex, Count> stripes_{};
};

/// No more than 60 in all: the thread sanitizer gives up when a thread holds more than 64, as one that
/// forks does.
struct ProcessLocks {
  // Held while a disk works. First, so that a fork that waits for them makes nobody wait for the rest.
  StripedLock<8> spill_blocks;  ///< what a spilled block's pages are
  StripedLock<8> spill_files;   ///< a temporary file that is written to

  std::mutex reports;       ///< the list of MemoryReports
  StripedLock<16> layouts;  ///< what a mapped block's pages are
  StripedLock<16> files;    ///< a memory file's descriptor
  std::mutex cache;         ///< the freed mappings
  std::mutex ledgers;       ///< the list of the threads' ledgers

  /// Forks that have begun. Counted with all locks held: what is mapped after it has read this number,
  /// and under a lock, is in no child of theirs.
  std::atomic<std::uint64_t> forks = 0;
};

/// Whether forks take the locks and are counted: not in initializers that run before this library's, nor
/// where the system refuses.
[[nodiscard]] bool forks_are_noticed() noexcept;

extern ProcessLocks process_locks;

}  // namespace quire::detail
