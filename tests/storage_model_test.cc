// Streams of all tiers under random operations, against the model.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <new>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "support/random_choices.h"
#include "support/storage_machine.h"

#if defined(__SANITIZE_THREAD__)
#  define QUIRE_TEST_THREAD_SANITIZED 1
#elif defined(__has_feature)
#  if __has_feature(thread_sanitizer)
#    define QUIRE_TEST_THREAD_SANITIZED 1
#  endif
#endif
#ifndef QUIRE_TEST_THREAD_SANITIZED
#  define QUIRE_TEST_THREAD_SANITIZED 0
#endif

namespace quire {
namespace {

using test::StorageCounts;
using test::StorageState;
using Tier = StorageState::Tier;

/// Counts in memory that forked processes share.
class SharedCounts {
 public:
  SharedCounts()
      : memory_(::mmap(nullptr, sizeof(StorageCounts), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0)) {
    if (memory_ == MAP_FAILED) throw std::bad_alloc();
    counts_ = new (memory_) StorageCounts;
  }

  ~SharedCounts() { ::munmap(memory_, sizeof(StorageCounts)); }

  SharedCounts(const SharedCounts&) = delete;
  SharedCounts& operator=(const SharedCounts&) = delete;

  StorageCounts& operator*() const { return *counts_; }
  StorageCounts* operator->() const { return counts_; }

 private:
  void* memory_;
  StorageCounts* counts_;
};

using Machine = test::StorageMachine<test::RandomChoices>;

/// Only blocks of pages become mapped or paged, and only a process that forks has forked streams.
bool can_exist(const StorageState& state, bool forks) {
  return (state.tier == Tier::Heap || detail::pages::available()) && (forks || !state.forked);
}

/// The cells that can exist and have been hit less often than that, a line each.
std::string missed(const StorageCounts& counts, std::size_t bar, bool forks) {
  std::string text;
  for (std::size_t i = 0; i < StorageState::kCount; ++i) {
    const StorageState state = StorageState::at(i);
    if (!can_exist(state, forks)) continue;
    for (std::size_t operation = 0; operation < StorageCounts::kOperations; ++operation) {
      const std::size_t ran = counts.ran[operation][i];
      if (ran >= bar) continue;
      text += std::string(Machine::name_of(operation)) + ", " + state.name() + ": " +
              std::to_string(ran) + "\n";
    }
  }
  return text;
}

/// A column for each state: H, M, P, F for the tier, then the first letters of what is added to it.
void print(const StorageCounts& counts) {
  constexpr std::size_t kColumns = StorageState::kInTier;
  for (std::size_t first = 0; first < StorageState::kCount; first += kColumns) {
    std::printf("%-15s", "operation");
    for (std::size_t i = first; i < first + kColumns; ++i) {
      std::printf("%8s", StorageState::at(i).letters().c_str());
    }
    std::printf("\n");
    for (std::size_t operation = 0; operation < StorageCounts::kOperations; ++operation) {
      std::printf("%-15s", Machine::name_of(operation));
      for (std::size_t i = first; i < first + kColumns; ++i) {
        std::printf("%8zu", counts.ran[operation][i].load());
      }
      std::printf("\n");
    }
  }
  std::printf("%zu steps, %zu forks, %zu system calls refused\n", counts.steps.load(),
              counts.forks.load(), counts.refused_calls.load());
}

/// Mappings of memory files, and of temporary ones, which have no name either.
std::size_t mappings_of_files() {
  std::ifstream maps("/proc/self/maps");
  std::size_t found = 0;
  for (std::string line; std::getline(maps, line);) {
    found += line.find(" (deleted)") != std::string::npos ? 1U : 0U;
  }
  return found;
}

struct Scale {
  std::size_t bar;   ///< how often each cell must be hit
  std::size_t most;  ///< steps after which that must be so
};

/// Millions of steps where nobody waits for them and nothing makes them slow.
Scale choose_scale() {
#ifdef __OPTIMIZE__
  constexpr bool kFast = !test::kSanitized;
#else
  constexpr bool kFast = false;
#endif
  if (std::getenv("QUIRE_NIGHTLY") != nullptr) {
    return kFast ? Scale{1000, 6'000'000} : Scale{20, 400'000};
  }
  return kFast ? Scale{3, 100'000} : Scale{1, 100'000};
}

TEST(StorageModel, RandomOperationsMatchTheModel) {
  // A forked process of the thread sanitizer cannot start threads.
  const bool forks = QUIRE_TEST_THREAD_SANITIZED == 0;
  const Scale scale = choose_scale();
  const test::Allowance allowance = test::Allowance::now();
  const SharedCounts counts;
  const test::Holdings before = test::Holdings::now();
  const std::size_t files_before = mappings_of_files();
  {
    Machine machine(test::RandomChoices::from_environment(), *counts);
    if (forks) machine.allow_forks();
    do {
      for (int i = 0; i < 5000; ++i) machine.step();
    } while (!missed(*counts, scale.bar, forks).empty() && counts->steps < scale.most);
    machine.finish();
  }
  print(*counts);
  EXPECT_EQ(missed(*counts, scale.bar, forks), "") << "less often than " << scale.bar;
  EXPECT_GE(counts->refused_calls, detail::pages::available() ? counts->steps / 100 : 0);
  const test::Holdings after = test::Holdings::now();
  EXPECT_EQ(test::Allowance::now(), allowance) << "descriptors or mappings not given back";
  EXPECT_EQ(after.descriptors, before.descriptors);
  EXPECT_EQ(mappings_of_files(), files_before);
  if (test::kSanitized) return;
  // malloc keeps some for another time, and a reserve for each of two threads.
  EXPECT_LE(after.mappings, before.mappings + 50);
  EXPECT_LE(after.mapped_bytes, before.mapped_bytes + 256 * test::kMib);
}

}  // namespace
}  // namespace quire
