// Large streams on several threads: one writes, overwrites and grows while others copy, read, clone
// and drop handles of the same pages. Run under ThreadSanitizer.
#include <atomic>
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "support/handle_users.h"
#include "support/storage.h"

namespace quire {
namespace {

using std::string;
using test::kMib;
using test::kPage;
using Tier = StorageOptions::Tier;

class BytesIOPagedThreads : public testing::TestWithParam<Tier> {};

INSTANTIATE_TEST_SUITE_P(Every, BytesIOPagedThreads,
                         testing::Values(Tier::automatic, Tier::paged, Tier::heap),
                         testing::PrintToStringParamName());

TEST_P(BytesIOPagedThreads, HandlesAreUsedWhileTheStreamGoesOnWriting) {
  constexpr std::size_t kSize = kMib + 5 * kPage;
  const StorageOptions options{.tier = GetParam()};
  // A stream of another thread's own over the same pages leaves them, or moves them into a file under
  // everybody else.
  test::HandleUsers others([options](const Bytes& handle, std::size_t round) {
    BytesIO clone(round % 2 == 0 ? handle : handle.slice(kPage), options);
    clone.write_at(round * kPage % clone.size(), "clone");
    clone.seek(0, Whence::End);
    clone.write("more of the clone");
    return ByteSpan(clone.slice(-5)).as_chars() == "clone";
  });
  BytesIO f(options);
  for (int round = 0; round < (test::kSanitized ? 60 : 300); ++round) {
    const char letter = static_cast<char>('a' + round % 26);
    f.seek(0);
    for (std::size_t at = 0; at < kSize; at += kPage) f.write_at(at, string(1, letter));
    others.give(f.getvalue());
    if (round % 4 == 1) {
      f.seek(0, Whence::End);
      f.write(string(3 * kPage, letter));
      f.resize((f.size() + kPage - 1) / kPage * kPage);
    }
    if (round % 7 == 2) {
      MutableMemoryView view = f.getbuffer();
      const Bytes beside = f.getvalue();
      for (std::size_t at = 0; at < view.size(); at += kPage) view[at] = std::byte{'v'};
    }
    if (round % 11 == 3) f.compact();
    if (round % 20 == 4) f.truncate(kSize);
    f.resize(kSize);
  }
  EXPECT_EQ(others.end(), 0);
}

TEST_P(BytesIOPagedThreads, TailGrowsWhileAnotherMovesTheFrontIntoAFile) {
  // The stream appends without asking anybody to the page in which the handle ends.
  const StorageOptions options{.tier = GetParam()};
  for (std::size_t round = 0; round < (test::kSanitized ? 20 : 100); ++round) {
    BytesIO f(options);
    f.reserve(4 * kMib);
    const std::size_t size = 2 * kMib + 100 + round * 37;
    f.write(string(size, 's'));
    Bytes handle = f.getvalue();
    std::thread other([&options, round, mine = std::move(handle)]() mutable {
      BytesIO clone(std::move(mine), options);
      clone.write_at(round * kPage, "clone");
      clone.seek(0, Whence::End);
      clone.write("end");
    });
    for (int i = 0; i < 5000; ++i) f.write("0123456789");
    other.join();
    const Bytes value = f.getvalue();
    ASSERT_EQ(value.size(), size + 50'000);
    ASSERT_TRUE(value.slice(0, size) == ByteSpan(string(size, 's'))) << round;
    for (std::size_t i = 0; i < 5000; i += 7) {
      const std::size_t at = size + 10 * i;
      ASSERT_TRUE(value.slice(at, at + 10) == ByteSpan("0123456789")) << round << " at " << at;
    }
  }
}

TEST_P(BytesIOPagedThreads, ConstOperationsAtOnceBesideALiveView) {
  const string content = test::pattern(kMib + 7 * kPage);
  const StorageOptions options{.tier = GetParam()};
  BytesIO f(ByteSpan(content), options);
  const Bytes before = f.getvalue();
  const MutableMemoryView view = f.getbuffer();
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t round = 0; round < 10; ++round) {
        if (f.getvalue() != ByteSpan(content)) ++wrong;
        BytesIO clone = f.clone();
        clone.write_at(thread * kPage, "clone");
        if (f.slice(1) != ByteSpan(content).subspan(1)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_TRUE(before == ByteSpan(content));
}

}  // namespace
}  // namespace quire
