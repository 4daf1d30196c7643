// BytesIO over a fork: each side goes on with the stream and the handles that it had, and neither
// sees what the other does.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "support/child_process.h"
#include "support/skips.h"
#include "support/storage.h"

namespace quire {
namespace {

using std::string;
using test::in_child;
using test::kMib;
using test::kPage;
using test::pattern;
using test::tier_of;
using Tier = StorageOptions::Tier;

/// Whose memory a stream begins with, and on which tier it goes on.
enum class Memory { Automatic, Paged, Heap, Adopted, Fixed };

void PrintTo(Memory memory, std::ostream* out) {
  static constexpr std::array kNames{"automatic", "paged", "heap", "adopted", "fixed"};
  *out << kNames.at(static_cast<std::size_t>(memory));
}

/// A stream, the bytes it should have, and handles with the bytes they should show.
struct State {
  std::vector<std::byte> lent;  // what a stream over a fixed buffer works in
  BytesIO stream;
  string model;
  std::vector<std::pair<Bytes, string>> kept;

  void keep() { kept.emplace_back(stream.getvalue(), model); }

  void overwrite(std::size_t at, const string& data) {
    if (model.size() < at + data.size()) model.resize(at + data.size());
    model.replace(at, data.size(), data);
    stream.write_at(at, data);
  }

  /// 0 when all is as it should be, else a number that says what is not.
  [[nodiscard]] int wrong() const {
    if (stream.getvalue() != ByteSpan(model)) return 1;
    for (const auto& [bytes, shown] : kept) {
      if (bytes != ByteSpan(shown)) return 2;
    }
    return 0;
  }
};

/// How far a stream has come when the process forks.
enum class Before { Fresh, Snapshot, Paged, PagedAlone, ViewTaken, Grown };

BytesIO stream_in(Memory memory, std::vector<std::byte>& lent) {
  switch (memory) {
    case Memory::Adopted:
      return BytesIO::adopt(string(2 * kMib + 77, '\0'));
    case Memory::Fixed:
      lent.resize(24 * kMib);
      return BytesIO::over(lent);
    default:
      return BytesIO(StorageOptions{.tier = memory == Memory::Automatic ? Tier::automatic
                                            : memory == Memory::Paged   ? Tier::paged
                                                                        : Tier::heap});
  }
}

State made(Memory memory, Before before) {
  std::vector<std::byte> lent;
  BytesIO stream = stream_in(memory, lent);
  State state{std::move(lent), std::move(stream), {}, {}};
  state.overwrite(0, pattern(2 * kMib + 77));
  state.stream = test::left_before(std::move(state.stream));
  if (before == Before::Fresh) return state;
  state.keep();
  if (before == Before::Snapshot) return state;
  state.overwrite(kMib, "dirty");
  if (before == Before::PagedAlone) state.kept.clear();
  if (before == Before::Paged || before == Before::PagedAlone) return state;
  if (before == Before::ViewTaken) {
    MutableMemoryView view = state.stream.getbuffer();
    view[5 * kPage] = std::byte{'v'};
    state.model[5 * kPage] = 'v';
    return state;
  }
  state.overwrite(state.model.size(), pattern(kMib, 2));
  state.keep();
  state.overwrite(5, "dirty again");
  return state;
}

/// Everything that a process may do to its stream after a fork, in an order of its own.
int go_on(State& state, unsigned seed) {
  std::mt19937 random(seed);
  for (int step = 0; step < 40; ++step) {
    const std::size_t at = random() % (state.model.size() + 1);
    switch (random() % 9) {
      case 0:
        state.keep();
        break;
      case 1:
        if (!state.kept.empty()) {
          state.kept.erase(state.kept.begin() +
                           static_cast<std::ptrdiff_t>(random() % state.kept.size()));
        }
        break;
      case 2:
        state.overwrite(state.model.size(), pattern(300'000, random()));
        break;
      case 3:
        state.stream.compact();
        break;
      case 4: {
        MutableMemoryView view = state.stream.getbuffer();
        if (at < state.model.size()) {
          view[at] = std::byte{'v'};
          state.model[at] = 'v';
        }
        state.keep();
        break;
      }
      case 5: {
        BytesIO clone = state.stream.clone();
        clone.write_at(at, "clone");
        break;
      }
      case 6:
        if (at > kMib) {
          state.stream.truncate(at);
          state.model.resize(at);
        }
        break;
      default:
        state.overwrite(at, pattern(1 + random() % 20'000, random()));
    }
    while (state.kept.size() > 6) state.kept.erase(state.kept.begin());
    if (step % 8 == 0) {
      if (const int wrong = state.wrong()) return wrong;
    }
  }
  return state.wrong();
}

class BytesIOFork : public testing::TestWithParam<Memory> {};

INSTANTIATE_TEST_SUITE_P(Every, BytesIOFork,
                         testing::Values(Memory::Automatic, Memory::Paged, Memory::Heap,
                                         Memory::Adopted, Memory::Fixed),
                         testing::PrintToStringParamName());

TEST(BytesIOForkStates, AdoptedAndFixedMemoryAreThereWhenTheProcessForks) {
  // Else the tests below say nothing of them.
  for (const Before before : {Before::Fresh, Before::Snapshot}) {
    EXPECT_EQ(tier_of(made(Memory::Adopted, before).stream), "adopted");
  }
  State fixed = made(Memory::Fixed, Before::Grown);
  fixed.overwrite(0, "seen in the buffer");
  EXPECT_EQ(static_cast<char>(fixed.lent[0]), 's');
}

constexpr std::array kStages{Before::Fresh,      Before::Snapshot,  Before::Paged,
                             Before::PagedAlone, Before::ViewTaken, Before::Grown};

TEST_P(BytesIOFork, BothSidesGoOnAndNeitherSeesTheOther) {
  for (const Before before : kStages) {
    for (unsigned seed = 1; seed <= (test::kSanitized ? 1 : 3); ++seed) {
      const string where =
          "stage " + std::to_string(static_cast<int>(before)) + ", seed " + std::to_string(seed);
      State state = made(GetParam(), before);
      int parent = 99;
      const int child = in_child([&] { return go_on(state, 2 * seed); },
                                 [&] { parent = go_on(state, 2 * seed + 1); });
      EXPECT_EQ(child, 0) << where;
      EXPECT_EQ(parent, 0) << where;
    }
  }
}

TEST_P(BytesIOFork, ChildSeesWhatWasThereWhateverTheParentDidMeanwhile) {
  for (const Before before : kStages) {
    State state = made(GetParam(), before);
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const string at_fork = state.model;
    const int child = in_child(
        [&] {
          char go = 0;
          if (::read(pipe[0], &go, 1) != 1) return 97;
          if (const int wrong = state.wrong()) return wrong;
          return go_on(state, 11);
        },
        [&] {
          for (std::size_t i = 0; i < 30; ++i) {
            state.overwrite(i * 17 * kPage, pattern(kPage + 1, i));
            state.keep();
            state.overwrite(state.model.size(), pattern(100'000, i));
            if (i % 3 != 0) state.kept.pop_back();
          }
          state.stream.compact();
          state.kept.clear();
          state.stream.close();
          EXPECT_EQ(::write(pipe[1], "x", 1), 1);
        });
    EXPECT_EQ(child, 0) << "stage " << static_cast<int>(before);
    ::close(pipe[0]);
    ::close(pipe[1]);
  }
}

TEST_P(BytesIOFork, ParentIsAsItWasAfterTheChildDidEverything) {
  for (const Before before : kStages) {
    State state = made(GetParam(), before);
    EXPECT_EQ(in_child([&] { return go_on(state, 5); }), 0);
    EXPECT_EQ(state.wrong(), 0) << "stage " << static_cast<int>(before);
    EXPECT_EQ(go_on(state, 6), 0) << "stage " << static_cast<int>(before);
  }
}

TEST_P(BytesIOFork, GrandchildrenGoOnToo) {
  State state = made(GetParam(), Before::Grown);
  int parent = 99;
  const int status = in_child(
      [&] {
        if (const int wrong = go_on(state, 1)) return wrong;
        int middle = 99;
        const int grandchild = in_child([&] { return go_on(state, 2) + (state.wrong() << 4); },
                                        [&] { middle = go_on(state, 3); });
        return grandchild != 0 ? 20 + grandchild : middle;
      },
      [&] { parent = go_on(state, 4); });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(parent, 0);
}

TEST_P(BytesIOFork, ViewTakenBeforeTheForkWritesToItsOwnSideOnly) {
  for (const bool in_file : {false, true}) {
    State state = made(GetParam(), in_file ? Before::Paged : Before::Fresh);
    MutableMemoryView view = state.stream.getbuffer();
    const auto write_both_ways = [&](char mark) {
      view[kMib + 1] = static_cast<std::byte>(mark);
      state.model[kMib + 1] = mark;
      state.keep();
      view[9] = static_cast<std::byte>(mark);
      state.model[9] = mark;
      view.release();
      return state.wrong();
    };
    EXPECT_EQ(in_child([&] { return write_both_ways('c'); }), 0);
    EXPECT_EQ(write_both_ways('p'), 0);
  }
}

TEST_P(BytesIOFork, ForkWhileOtherThreadsWorkLeavesNoLockHeld) {
  const bool in_mappings = GetParam() == Memory::Automatic || GetParam() == Memory::Paged;
  if (!in_mappings) QUIRE_SKIP_SANITIZED("its allocator leaves the lock of large blocks held");
  // The child has one thread: a lock that another held in the parent would never be given back.
  std::atomic<bool> stop = false;
  std::vector<std::thread> others;
  for (unsigned i = 0; i < 2; ++i) {
    others.emplace_back([&, i] {
      State mine = made(GetParam(), Before::Paged);
      for (unsigned round = 0; !stop.load(std::memory_order_relaxed); ++round) {
        mine.overwrite(round * 977 * kPage % kMib, pattern(1, round + i));
        mine.kept.clear();
        mine.keep();
        if (round % 5 == 0) mine.stream.compact();
      }
    });
  }
  State state = made(GetParam(), Before::Grown);
  for (unsigned round = 0; round < 20; ++round) {
    EXPECT_EQ(in_child([&] {
                ::alarm(60);
                state.overwrite(round * kPage, "child");
                state.keep();
                state.overwrite(0, "child");
                return state.wrong();
              }),
              0);
  }
  stop = true;
  for (std::thread& other : others) other.join();
}

// Forks were counted by a handler of its own, which could run before the one that takes the locks: a file
// that was made and mapped in between was taken for one that no child has, and its pages were given back.
TEST(BytesIOForks, ChildKeepsTheHandleOfAStreamThatAThreadMovedIntoAFile) {
  const string shown(4 * kMib, 'a');
  const string large(16 * kMib, 'b');
  std::atomic<bool> stop = false;
  // Whoever waits for a lock makes the time between two handlers longer.
  std::thread busy([&] {
    while (!stop) {
      BytesIO f{ByteSpan(large)};
      const Bytes kept = f.getvalue();
      f.write_at(0, "x");
    }
  });
  for (int round = 0; round < 60; ++round) {
    BytesIO stream{ByteSpan(shown)};
    std::optional<Bytes> handle = stream.getvalue();
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    std::atomic<int> turn = 0;
    std::thread writer([&] {
      turn = 1;
      while (turn != 2) {
      }
      std::atomic<int> waited = 0;
      while (++waited < round * 7919 % 60000) {
      }
      stream.write_at(0, "x");
    });
    while (turn != 1) {
    }
    turn = 2;
    const pid_t child = ::fork();
    if (child == 0) {
      char byte = 0;
      const bool told = ::read(pipe[0], &byte, 1) == 1;
      ::_exit(told && *handle == ByteSpan(shown) ? 0 : 1);
    }
    writer.join();
    handle.reset();
    // More than half: the stream leaves the file, and gives it back.
    for (std::size_t page = 0; page < 700; ++page) stream.write_at(page * kPage, "d");
    stream.compact();
    EXPECT_EQ(::write(pipe[1], "x", 1), 1);
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    for (const int end : pipe) ::close(end);
    ASSERT_EQ(status, 0) << "the child's handle lost its bytes in round " << round;
  }
  stop = true;
  busy.join();
}

TEST_P(BytesIOFork, NoDescriptorSurvivesExec) {
  State state = made(GetParam(), Before::Grown);
  for (const bool from_child : {false, true}) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    string listing;
    const int status = in_child(
        [&] {
          if (from_child) {
            // Files of the child's own as well.
            state.overwrite(0, "child");
            state.keep();
            state.overwrite(kMib, pattern(kMib));
          }
          ::dup2(pipe[1], STDOUT_FILENO);
          ::execl("/bin/ls", "ls", "-l", "/proc/self/fd", static_cast<char*>(nullptr));
          return 97;
        },
        [&] {
          ::close(pipe[1]);
          std::array<char, 4096> part{};
          ssize_t got = 0;
          while ((got = ::read(pipe[0], part.data(), part.size())) > 0) {
            listing.append(part.data(), static_cast<std::size_t>(got));
          }
        });
    ::close(pipe[0]);
    EXPECT_EQ(status, 0);
    EXPECT_NE(listing.find("pipe:"), string::npos) << "not a listing: " << listing;
    EXPECT_EQ(listing.find("memfd"), string::npos) << listing;
  }
}

}  // namespace
}  // namespace quire
