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

std::string name_of(const StorageState& state) {
  std::string name = state.tier == Tier::Heap ? "heap" : "mapped";
  if (state.tier == Tier::Paged) name = "paged";
  if (state.outside) name += " +outside handle";
  if (state.viewed) name += " +view";
  if (state.forked) name += " +after fork";
  if (state.failing) name += " +failures";
  return name;
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
      text += std::string(Machine::name_of(operation)) + ", " + name_of(state) + ": " +
              std::to_string(ran) + "\n";
    }
  }
  return text;
}

/// A column for each state: H, M, P for the tier, then the first letters of what is added to it.
void print(const StorageCounts& counts) {
  constexpr std::size_t kColumns = 16;
  for (std::size_t first = 0; first < StorageState::kCount; first += kColumns) {
    std::printf("%-15s", "operation");
    for (std::size_t i = first; i < first + kColumns; ++i) {
      const StorageState s = StorageState::at(i);
      const std::string letters = std::string(1, "HMP"[static_cast<int>(s.tier)]) +
                                  (s.outside ? "o" : "") + (s.viewed ? "v" : "") +
                                  (s.forked ? "f" : "") + (s.failing ? "x" : "");
      std::printf("%8s", letters.c_str());
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

std::size_t mappings_of_memory_files() {
  std::ifstream maps("/proc/self/maps");
  std::size_t found = 0;
  for (std::string line; std::getline(maps, line);) {
    found += line.find("memfd:quire") != std::string::npos ? 1U : 0U;
  }
  return found;
}

struct Scale {
  std::size_t steps;
  std::size_t bar;  ///< how often each cell must be hit
};

/// Millions of steps where nobody waits for them and nothing makes them slow.
Scale choose_scale() {
#ifdef __OPTIMIZE__
  constexpr bool kFast = !test::kSanitized;
#else
  constexpr bool kFast = false;
#endif
  if (std::getenv("QUIRE_NIGHTLY") != nullptr) {
    return kFast ? Scale{3'000'000, 1000} : Scale{150'000, 5};
  }
  return kFast ? Scale{60'000, 3} : Scale{20'000, 1};
}

TEST(StorageModel, RandomOperationsMatchTheModel) {
  // A forked process of the thread sanitizer cannot start threads.
  const bool forks = QUIRE_TEST_THREAD_SANITIZED == 0;
  const Scale scale = choose_scale();
  const test::Allowance before = test::Allowance::now();
  const SharedCounts counts;
  {
    Machine machine(test::RandomChoices::from_environment(), *counts);
    if (forks) machine.allow_forks();
    // The rarest cells may need more.
    for (std::size_t end = scale.steps; end <= 6 * scale.steps; end += scale.steps / 2) {
      while (counts->steps < end) machine.step();
      if (missed(*counts, scale.bar, forks).empty()) break;
    }
    machine.finish();
  }
  print(*counts);
  EXPECT_EQ(missed(*counts, scale.bar, forks), "") << "less often than " << scale.bar;
  EXPECT_GE(counts->refused_calls, detail::pages::available() ? counts->steps / 100 : 0);
  EXPECT_EQ(test::Allowance::now(), before) << "descriptors or mappings not given back";
  EXPECT_EQ(test::Holdings::now().memory_files, 0U);
  EXPECT_EQ(mappings_of_memory_files(), 0U);
}

}  // namespace
}  // namespace quire
