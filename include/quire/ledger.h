// The ledger: how many bytes were copied, how many were shared instead, and why. Always on.
//
// Every stream keeps one (`f.ledger()`), every thread keeps one (`thread_ledger()`), and
// `process_ledger()` sums the threads' when asked. Differences of two readings tell what a piece of
// code did; EXPECT_COPIED_AT_MOST in quire/adapters/gtest.h is that as a test.
//
// Thread: counting takes no lock. A thread's own counts are exact. A stream's `shared` counts may
// miss some when several threads take snapshots of the same stream at the same moment.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "quire/detail/export.h"

namespace quire {

/// Why bytes were copied, or would have been.
enum class CopyReason : std::uint8_t {
  Growth,       ///< a block that had become too small
  CopyOnWrite,  ///< a write to bytes that somebody else can see
  GetValue,     ///< a result made for the caller: getvalue, read, slice, tobytes
  Caller,       ///< into or out of the caller's own buffer: write, readinto, Bytes("...")
};

inline constexpr std::size_t kCopyReasons = 4;

/// Name of a reason as reports print it: "growth", "copy-on-write", "getvalue", "caller's buffer".
[[nodiscard]] QUIRE_API const char* to_string(CopyReason reason) noexcept;

/// One reading: bytes by reason.
struct Ledger {
  std::array<std::uint64_t, kCopyReasons> copied{};
  std::array<std::uint64_t, kCopyReasons> shared{};

  [[nodiscard]] std::uint64_t copied_for(CopyReason reason) const noexcept {
    return copied[static_cast<std::size_t>(reason)];
  }

  [[nodiscard]] std::uint64_t shared_for(CopyReason reason) const noexcept {
    return shared[static_cast<std::size_t>(reason)];
  }

  /// Bytes copied for any reason.
  [[nodiscard]] std::uint64_t copied_total() const noexcept {
    return copied[0] + copied[1] + copied[2] + copied[3];
  }

  /// Bytes handed on without a copy, for any reason.
  [[nodiscard]] std::uint64_t shared_total() const noexcept {
    return shared[0] + shared[1] + shared[2] + shared[3];
  }

  /// What happened between an `earlier` reading and this one.
  [[nodiscard]] friend Ledger operator-(const Ledger& later, const Ledger& earlier) noexcept {
    Ledger difference;
    for (std::size_t i = 0; i < kCopyReasons; ++i) {
      difference.copied[i] = later.copied[i] - earlier.copied[i];
      difference.shared[i] = later.shared[i] - earlier.shared[i];
    }
    return difference;
  }

  [[nodiscard]] friend bool operator==(const Ledger&, const Ledger&) = default;
};

/// What the calling thread has copied and shared since it started.
/// Cost: O(1).
[[nodiscard]] QUIRE_API Ledger thread_ledger() noexcept;

/// What all threads together have copied and shared, ended ones included.
/// Cost: O(number of live threads), takes a lock.
[[nodiscard]] QUIRE_API Ledger process_ledger() noexcept;

namespace detail {

/// Counters that one thread writes at a time while others may read: a plain add, no locked one.
class LedgerCounters {
 public:
  void add_copied(CopyReason reason, std::size_t bytes) noexcept {
    add(copied_[static_cast<std::size_t>(reason)], bytes);
  }

  void add_shared(CopyReason reason, std::size_t bytes) noexcept {
    add(shared_[static_cast<std::size_t>(reason)], bytes);
  }

  [[nodiscard]] QUIRE_API Ledger read() const noexcept;

  /// Reads and starts again from zero.
  QUIRE_API Ledger take() noexcept;

  /// Adds a whole reading, as when one stream's counts move into another's.
  QUIRE_API void add(const Ledger& reading) noexcept;

 private:
  using Counter = std::atomic<std::uint64_t>;

  static void add(Counter& counter, std::size_t bytes) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  }

  std::array<Counter, kCopyReasons> copied_{};
  std::array<Counter, kCopyReasons> shared_{};
};

struct ThreadLedger {
  LedgerCounters counters;
  bool registered = false;
};

// initial-exec: one instruction to reach the counters, in the shared library as well.
#if defined(__GNUC__) && !defined(_WIN32) && !defined(__APPLE__)
#  define QUIRE_TLS_MODEL [[gnu::tls_model("initial-exec")]]
#else
#  define QUIRE_TLS_MODEL
#endif
QUIRE_TLS_MODEL extern QUIRE_API constinit thread_local ThreadLedger current_thread_ledger;

/// Makes process_ledger() see this thread, and keeps its counts when it ends.
QUIRE_API void register_thread_ledger() noexcept;

inline LedgerCounters& thread_counters() noexcept {
  ThreadLedger& ledger = current_thread_ledger;
  if (!ledger.registered) [[unlikely]] {
    register_thread_ledger();
  }
  return ledger.counters;
}

/// Counts bytes copied outside any stream.
inline void count_copied(CopyReason reason, std::size_t bytes) noexcept {
  thread_counters().add_copied(reason, bytes);
}

inline void count_shared(CopyReason reason, std::size_t bytes) noexcept {
  thread_counters().add_shared(reason, bytes);
}

}  // namespace detail
}  // namespace quire
