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
  enum class Tier : std::uint8_t { Heap, Mapped, Paged, File };

  static constexpr std::size_t kTiers = 4;
  static constexpr std::size_t kInTier = 2 * 2 * 2 * 2;
  static constexpr std::size_t kCount = kTiers * kInTier;

  Tier tier;
  bool outside;  ///< somebody else has its bytes, or pages of the same file
  bool viewed;   ///< a writable view lives
  bool forked;   ///< in a child process, and older than that
  bool failing;  ///< system calls are being refused

  [[nodiscard]] static constexpr StorageState at(std::size_t index) noexcept {
    return {static_cast<Tier>(index / kInTier), (index & 8) != 0, (index & 4) != 0,
            (index & 2) != 0, (index & 1) != 0};
  }

  [[nodiscard]] constexpr std::size_t index() const noexcept {
    return static_cast<std::size_t>(tier) * kInTier + (outside ? 8 : 0) + (viewed ? 4 : 0) +
           (forked ? 2 : 0) + (failing ? 1 : 0);
  }

  [[nodiscard]] std::string name() const {
    static constexpr std::array<const char*, kTiers> kNames = {"heap", "mapped", "paged", "file"};
    return std::string(kNames[static_cast<std::size_t>(tier)]) +
           (outside ? " +outside handle" : "") + (viewed ? " +view" : "") +
           (forked ? " +after fork" : "") + (failing ? " +failures" : "");
  }

  /// The first letters of that.
  [[nodiscard]] std::string letters() const {
    return std::string(1, "HMPF"[static_cast<std::size_t>(tier)]) + (outside ? "o" : "") +
           (viewed ? "v" : "") + (forked ? "f" : "") + (failing ? "x" : "");
  }
};

/// What ran how often.
template <class Count>
struct StorageTable {
  static constexpr std::size_t kOperations = 28;

  std::array<std::array<Count, StorageState::kCount>, kOperations> ran{};
};

/// In memory that forked processes share, it counts for all of them.
struct StorageCounts : StorageTable<std::atomic<std::size_t>> {
  std::atomic<std::size_t> refused_calls = 0;
  std::atomic<std::size_t> steps = 0;
  std::atomic<std::size_t> forks = 0;
};

/// What one process knows of the counts when it decides what to do next. It learns those of another
/// one only when that has ended, so that a seed always leads to the same steps.
class KnownCounts {
 public:
  void count(std::size_t operation, const StorageState& state) noexcept {
    ++table_.ran[operation][state.index()];
    ++in_state_[state.index()];
  }

  void learn(const StorageCounts& counts) noexcept {
    in_state_ = {};
    for (std::size_t operation = 0; operation < StorageCounts::kOperations; ++operation) {
      for (std::size_t state = 0; state < StorageState::kCount; ++state) {
        table_.ran[operation][state] = counts.ran[operation][state];
        in_state_[state] += counts.ran[operation][state];
      }
    }
  }

  [[nodiscard]] std::size_t of(std::size_t operation, const StorageState& state) const noexcept {
    return table_.ran[operation][state.index()];
  }

  /// With and without failures.
  [[nodiscard]] std::size_t in(StorageState state) const noexcept {
    state.failing = false;
    return in_state_[state.index()] + in_state_[state.index() + 1];
  }

  /// In this process's own streams.
  [[nodiscard]] std::size_t in(StorageState::Tier tier) const noexcept {
    std::size_t all = 0;
    for (const bool outside : {false, true}) {
      for (const bool viewed : {false, true}) all += in({tier, outside, viewed, false, false});
    }
    return all;
  }

 private:
  StorageTable<std::size_t> table_;
  std::array<std::size_t, StorageState::kCount> in_state_{};
};

}  // namespace quire::test
