// StorageCounts: how often each operation of a StorageMachine ran in each state of a stream.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace quire::test {

/// What a stream was in when an operation ran.
struct StorageState {
  enum class Tier : std::uint8_t { Heap, Adopted, Mapped, Paged, File };

  static constexpr std::size_t kTiers = 5;
  static constexpr std::size_t kTogether = 2 * 2 * 2 * 2;
  static constexpr std::size_t kCount = 2 * kTiers * kTogether;

  Tier tier;
  bool large;    ///< of several huge pages
  bool outside;  ///< somebody else has its bytes, or pages of the same file
  bool viewed;   ///< a live view pins it
  bool forked;   ///< in a child process, and older than that
  bool failing;  ///< a system call is refused

  [[nodiscard]] static constexpr StorageState at(std::size_t index) noexcept {
    return {static_cast<Tier>(index / kTogether % kTiers),
            index >= kTiers * kTogether,
            (index & 8) != 0,
            (index & 4) != 0,
            (index & 2) != 0,
            (index & 1) != 0};
  }

  [[nodiscard]] constexpr std::size_t index() const noexcept {
    return ((large ? kTiers : 0) + static_cast<std::size_t>(tier)) * kTogether + (outside ? 8 : 0) +
           (viewed ? 4 : 0) + (forked ? 2 : 0) + (failing ? 1 : 0);
  }

  [[nodiscard]] std::string name() const {
    static constexpr std::array<const char*, kTiers> kNames = {"heap", "adopted", "mapped", "paged",
                                                               "file"};
    return std::string(large ? "large " : "") + kNames[static_cast<std::size_t>(tier)] +
           (outside ? " +outside handle" : "") + (viewed ? " +view" : "") +
           (forked ? " +after fork" : "") + (failing ? " +failures" : "");
  }

  /// The first letters of that, L in front for large.
  [[nodiscard]] std::string letters() const {
    return std::string(large ? "L" : "") + "HAMPF"[static_cast<std::size_t>(tier)] +
           (outside ? "o" : "") + (viewed ? "v" : "") + (forked ? "f" : "") + (failing ? "x" : "");
  }
};

/// What ran how often.
template <class Count>
struct StorageTable {
  static constexpr std::size_t kOperations = 30;

  std::array<std::array<Count, StorageState::kCount>, kOperations> ran{};
};

/// In memory that forked processes share, it counts for all of them.
struct StorageCounts : StorageTable<std::atomic<std::size_t>> {
  std::atomic<std::size_t> refused_calls = 0;
  std::atomic<std::size_t> steps = 0;
  std::atomic<std::size_t> forks = 0;

  // What only happens to large streams, or without anybody asking for it.
  std::atomic<std::size_t> huge_pages = 0;       ///< asked for in memory files
  std::atomic<std::size_t> units_replaced = 0;   ///< huge pages that a write got new memory for
  std::atomic<std::size_t> shared_growths = 0;   ///< through a file rather than by copying
  std::atomic<std::size_t> only_read_views = 0;  ///< operations on what no writable view pins
};

/// What one process knows of the counts when it decides what to do next. It learns those of another
/// one only when that has ended, so that a seed always leads to the same steps.
class KnownCounts {
 public:
  void count(std::size_t operation, const StorageState& state) noexcept {
    ++table_.ran[operation][state.index()];
  }

  void learn(const StorageCounts& counts) noexcept {
    for (std::size_t operation = 0; operation < StorageCounts::kOperations; ++operation) {
      for (std::size_t state = 0; state < StorageState::kCount; ++state) {
        table_.ran[operation][state] = counts.ran[operation][state];
      }
    }
  }

  [[nodiscard]] std::size_t of(std::size_t operation, const StorageState& state) const noexcept {
    return table_.ran[operation][state.index()];
  }

 private:
  StorageTable<std::size_t> table_;
};

}  // namespace quire::test
