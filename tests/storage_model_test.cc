// Streams of all tiers under random operations, against the model.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <new>
#include <string>
#include <system_error>

#include <gtest/gtest.h>
#include <malloc.h>
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

/// Only blocks of pages become mapped or paged, only a process that forks has forked streams, and only
/// who makes a system call is refused one.
bool can_exist(std::size_t operation, const StorageState& state, bool forks) {
  return (state.tier <= Tier::Adopted || detail::pages::available()) && (forks || !state.forked) &&
         Machine::rarity(operation, state) != 0;
}

/// One step of a large stream takes as long as a hundred others.
constexpr std::size_t kBarOfLarge = 40;

/// The cells that can exist and have been hit less often than that, a line each; those of large streams
/// and those that are rare are to be hit a part as often.
std::string missed(const StorageCounts& counts, std::size_t bar, bool forks) {
  std::string text;
  const auto check = [&](const std::string& what, std::size_t ran, std::size_t least) {
    if (ran < least) text += what + ": " + std::to_string(ran) + "\n";
  };
  for (std::size_t i = 0; i < StorageState::kCount; ++i) {
    const StorageState state = StorageState::at(i);
    for (std::size_t operation = 0; operation < StorageCounts::kOperations; ++operation) {
      if (!can_exist(operation, state, forks)) continue;
      const std::size_t least = bar / Machine::rarity(operation, state);
      check(std::string(Machine::name_of(operation)) + ", " + state.name(),
            counts.ran[operation][i], state.large ? least / kBarOfLarge : least);
    }
  }
  check("only read-only views", counts.only_read_views, bar);
  if (!detail::pages::available()) return text;
  check("huge pages of a file", counts.huge_pages, bar);
  check("units replaced", counts.units_replaced, bar / kBarOfLarge);
  check("shared blocks grown", counts.shared_growths, bar / kBarOfLarge);
  return text;
}

/// A column for each state: H, A, M, P, F for the tier, then the first letters of what is added to it.
void print(const StorageCounts& counts) {
  constexpr std::size_t kColumns = StorageState::kTogether;
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
  std::printf("%zu huge pages of a file, %zu units replaced, %zu shared blocks grown\n",
              counts.huge_pages.load(), counts.units_replaced.load(), counts.shared_growths.load());
  std::printf("%zu operations on what only read-only views pin\n", counts.only_read_views.load());
}

/// What the process has mapped, and how many of each.
std::map<std::string, std::size_t> mappings_by_name() {
  std::map<std::string, std::size_t> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    const std::size_t name = line.find_first_of("/[");
    ++found[name == std::string::npos ? "without a name" : line.substr(name)];
  }
  return found;
}

/// What the process has open, and how many of each.
std::map<std::string, std::size_t> descriptors_by_name() {
  std::map<std::string, std::size_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    ++found[std::filesystem::read_symlink(entry.path(), gone).string()];
  }
  return found;
}

/// What must be the same once all streams, handles and views have gone.
struct Held {
  test::Allowance allowance = test::Allowance::now();
  std::map<std::string, std::size_t> descriptors = descriptors_by_name();
  std::map<std::string, std::size_t> mappings = mappings_by_name();
  std::ptrdiff_t memory = test::memory_in_use();
};

void expect_nothing_lost(const Held& before) {
  // What malloc keeps for another time is not lost.
  ::malloc_trim(0);
  const Held after;
  EXPECT_EQ(after.allowance, before.allowance) << "descriptors or mappings not given back";
  EXPECT_EQ(after.descriptors, before.descriptors);
  if (test::kSanitized) return;
  EXPECT_EQ(after.mappings, before.mappings);
  EXPECT_LE(after.memory, before.memory + static_cast<std::ptrdiff_t>(2 * test::kMib));
}

struct Scale {
  std::size_t bar;    ///< how often each cell must be hit
  std::size_t least;  ///< steps, even if that is so before
  std::size_t most;   ///< steps after which it must be so
  /// At first so many steps look at every byte of all that lives. The others have no time for that: they
  /// look at all handles around where they wrote and at a page anywhere, and at all of a few in turn.
  std::size_t thorough;
};

/// Millions of steps where nobody waits for them and nothing makes them slow.
Scale choose_scale() {
#ifdef __OPTIMIZE__
  constexpr bool kFast = !test::kSanitized;
#else
  constexpr bool kFast = false;
#endif
  // What this one finds it finds in any stretch, and it is the slowest.
  if (QUIRE_TEST_THREAD_SANITIZED != 0) return {0, 0, 0, 200};
  if (std::getenv("QUIRE_NIGHTLY") != nullptr) {
    return kFast ? Scale{1000, 2'000'000, 8'000'000, 20'000} : Scale{20, 0, 400'000, 2'000};
  }
  return Scale{1, 0, 100'000, kFast ? 500U : 200U};
}

TEST(StorageModel, RandomOperationsMatchTheModel) {
  // A forked process of the thread sanitizer cannot start threads.
  const bool forks = QUIRE_TEST_THREAD_SANITIZED == 0;
  const Scale scale = choose_scale();
  // A thread that asks for memory would get some of its own, for good.
  ::mallopt(M_ARENA_MAX, 1);
  // The model's strings, of several MiB, are not to be mapped anew each time.
  ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  {
    // What is made once, by whoever needs it first, is no loss.
    const SharedCounts others;
    Machine machine(test::RandomChoices(1), *others);
    for (int i = 0; i < 300; ++i) machine.step();
  }
  const SharedCounts counts;
  ::malloc_trim(0);
  const Held before;
  {
    Machine machine(test::RandomChoices::from_environment(), *counts);
    if (forks) machine.allow_forks();
    machine.check_all_each_step(true);
    while (counts->steps < scale.thorough) machine.step();
    machine.check_all_each_step(false);
    do {
      for (int i = 0; i < 2000; ++i) machine.step();
    } while (counts->steps < scale.least ||
             (counts->steps < scale.most && !missed(*counts, scale.bar, forks).empty()));
    machine.finish();
  }
  print(*counts);
  EXPECT_EQ(missed(*counts, scale.bar, forks), "") << "less often than " << scale.bar;
  expect_nothing_lost(before);
}

}  // namespace
}  // namespace quire
