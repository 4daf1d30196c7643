// Spilled streams on several threads: one writes, rolls over, overwrites and grows while others read,
// copy, clone and drop handles of the same file. Run under ThreadSanitizer.
#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/spooled_io.h"
#include "support/storage.h"
#include "support/temp_directory.h"

namespace quire::test {
namespace {

SpooledOptions limit(std::size_t bytes) {
  return {.max_size = bytes, .directory = fast_directory()};
}

/// The letter of each page, or '?' when a page has another one.
char letter_of(ByteSpan bytes) {
  const std::string_view text = bytes.as_chars();
  for (std::size_t at = 0; at < text.size(); at += kPage) {
    if (text[at] != text[0]) return '?';
  }
  return text.empty() ? '-' : text[0];
}

/// Handles that one thread leaves for others: of each, all bytes at a multiple of a page are the same
/// letter.
class Exchange {
 public:
  void give(Bytes handle) {
    const std::lock_guard lock(mutex_);
    std::swap(handles_[next_++ % handles_.size()], handle);
  }

  [[nodiscard]] Bytes take(std::size_t which) {
    const std::lock_guard lock(mutex_);
    return handles_[which % handles_.size()];
  }

 private:
  std::mutex mutex_;
  std::array<Bytes, 4> handles_;
  std::size_t next_ = 0;
};

/// Reads handles, and writes to streams of its own over them. Returns what was wrong.
int use_handles(Exchange& exchange, const std::atomic<bool>& done, std::size_t first) {
  int wrong = 0;
  for (std::size_t round = first; !done.load(std::memory_order_relaxed); ++round) {
    const Bytes handle = exchange.take(round);
    const char letter = letter_of(handle);
    if (letter == '?') ++wrong;
    if (letter == '-' || round % 3 != 0) continue;
    SpooledIO mine(round % 2 == 0 ? handle : handle.slice(kPage), limit(1 + round % 2 * kMib));
    mine.write_at(round % 50 * kPage + 1, pattern(80 * kKib));
    mine.seek(0, Whence::End);
    mine.write("more of mine");
    if (ByteSpan(mine.slice(-4)).as_chars() != "mine") ++wrong;
    if (letter_of(handle) != letter) ++wrong;
  }
  return wrong;
}

class SpooledIOSharingThreads : public testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(Limits, SpooledIOSharingThreads, testing::Values(1, kMib),
                         testing::PrintToStringParamName());

TEST_P(SpooledIOSharingThreads, HandlesAreUsedWhileTheStreamGoesOn) {
  constexpr std::size_t kSize = 600 * kKib;
  Exchange exchange;
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> others;
  for (std::size_t thread = 0; thread < 3; ++thread) {
    others.emplace_back([&, thread] { wrong += use_handles(exchange, done, thread); });
  }
  SpooledIO f;
  for (int round = 0; round < (kSanitized ? 60 : 200); ++round) {
    // A new one now and then, so that the rollover finds handles in use.
    if (round % 10 == 0) f = SpooledIO(limit(GetParam()));
    const char letter = static_cast<char>('a' + round % 26);
    f.resize(kSize);
    for (std::size_t at = 0; at < kSize; at += kPage) f.write_at(at, std::string(1, letter));
    exchange.give(f.getvalue());
    if (round % 10 == 5) f.rollover();
    if (round % 4 == 1) f.write_at(kSize, std::string(kMib, letter));
    if (round % 4 == 2) f.write_at(0, std::string(kSize, letter));
    if (round % 7 == 3) {
      MutableMemoryView view = f.getbuffer();
      exchange.give(f.getvalue());
      for (std::size_t at = 0; at < view.size(); at += kPage) {
        view[static_cast<std::ptrdiff_t>(at)] = std::byte{'v'};
      }
    }
    if (round % 9 == 4) f.compact();
  }
  EXPECT_TRUE(f.rolled());
  done = true;
  for (std::thread& other : others) other.join();
  EXPECT_EQ(wrong.load(), 0);
}

/// What one thread gives and another takes. Neither learns from it when the other is done with it.
template <class Got>
class Relay {
 public:
  void give(Got got) {
    got_.emplace(std::move(got));
    full_.store(true, std::memory_order_release);
  }

  /// None at the end.
  [[nodiscard]] std::optional<Got> take() {
    while (!full_.load(std::memory_order_acquire)) {
      if (ended_.load(std::memory_order_acquire)) return std::nullopt;
      std::this_thread::yield();
    }
    std::optional<Got> got = std::exchange(got_, std::nullopt);
    full_.store(false, std::memory_order_release);
    return got;
  }

  [[nodiscard]] bool full() const { return full_.load(std::memory_order_acquire); }

  void end() { ended_.store(true, std::memory_order_release); }

 private:
  std::optional<Got> got_;
  std::atomic<bool> full_ = false;
  std::atomic<bool> ended_ = false;
};

/// One thread overwrites all bytes again and again, so many that they go back into the file, in place
/// whenever it finds itself alone; `part_of` is what the other one has meanwhile, reads and drops.
template <class Got, class PartOf, class Read>
void expect_in_place_only_alone(PartOf part_of, Read read) {
  constexpr std::size_t kSize = 600 * kKib;
  SpooledIO f(ByteSpan(std::string(kSize, 'a')), limit(1));
  Relay<Got> relay;
  int wrong = 0;
  std::thread other([&] {
    while (const std::optional<Got> taken = relay.take()) {
      const char letter = letter_of(read(*taken));
      for (int i = 0; i < 3; ++i) {
        if (letter == '?' || letter_of(read(*taken)) != letter) ++wrong;
      }
    }
  });
  // Nothing but the counts of owners tells this thread when the other one has read for the last time.
  for (int round = 0; round < (kSanitized ? 100 : 400); ++round) {
    const char letter = static_cast<char>('a' + round % 26);
    for (std::size_t at = 0; at < kSize; at += 100 * kKib) {
      f.write_at(at, std::string(100 * kKib, letter));
    }
    if (!relay.full()) relay.give(part_of(f));
  }
  relay.end();
  other.join();
  EXPECT_EQ(wrong, 0);
}

TEST(SpooledIOInPlaceThreads, OverwritesInPlaceOnlyWhatNoHandleOfAnotherThreadShows) {
  expect_in_place_only_alone<Bytes>([](const SpooledIO& f) { return f.getvalue(); },
                                    [](const Bytes& bytes) -> ByteSpan { return bytes; });
}

TEST(SpooledIOInPlaceThreads, WritesBackOnlyToAFileThatNoStreamOfAnotherThreadHas) {
  // A stream with a block of its own over the same file, which sees the file change.
  expect_in_place_only_alone<std::pair<SpooledIO, Bytes>>(
      [](const SpooledIO& f) {
        SpooledIO twin = f.clone();
        twin.write_at(1, "mine");
        Bytes value = twin.getvalue();
        return std::pair(std::move(twin), std::move(value));
      },
      [](const std::pair<SpooledIO, Bytes>& twin) -> ByteSpan { return twin.second; });
}

}  // namespace
}  // namespace quire::test
