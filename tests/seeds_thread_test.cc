// Streams and snapshots handed between threads over oneTBB's queue, as the seeds hand BytesIO over
// Python's. Run under ThreadSanitizer.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <oneapi/tbb/concurrent_queue.h>

#include "quire/quire.h"

namespace quire {
namespace {

// The standard allocator, for ThreadSanitizer does not see oneTBB's own take memory back.
template <class T>
using Queue = oneapi::tbb::concurrent_bounded_queue<T, std::allocator<T>>;

/// What a download would bring: its number, then bytes made from it.
BytesIO download(std::uint32_t number) {
  BytesIO stream;
  stream.write<std::uint32_t>(number);
  for (std::uint32_t i = 0; i < number % 50; ++i)
    stream.write(std::string(100, char('a' + i % 26)));
  return stream;
}

TEST(SeedThreads, AQueueHandsStreamsOver) {
  constexpr std::uint32_t kProducers = 4;
  constexpr std::uint32_t kEach = 250;
  Queue<BytesIO> queue;
  queue.set_capacity(8);
  std::atomic<std::uint64_t> sum = 0;
  std::atomic<int> wrong = 0;

  std::vector<std::jthread> threads;
  for (std::uint32_t p = 0; p < kProducers; ++p) {
    threads.emplace_back([&queue, p] {
      for (std::uint32_t i = 0; i < kEach; ++i) queue.push(download(p * kEach + i));
    });
    threads.emplace_back([&] {
      for (std::uint32_t i = 0; i < kEach; ++i) {
        BytesIO stream;
        queue.pop(stream);
        stream.seek(0);
        const auto number = stream.read<std::uint32_t>();
        sum += number;
        if (stream.getvalue() != download(number).getvalue()) ++wrong;
        stream.write("processed");  // its owner now, free to change it
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(sum, std::uint64_t{kProducers * kEach} * (kProducers * kEach - 1) / 2);
  EXPECT_TRUE(queue.empty());
}

// A stream is not for two threads at once; its snapshots are: they are taken, queued, read and
// dropped while the stream goes on, over them and behind them.
TEST(SeedThreads, SnapshotsAreReadWhileTheirStreamIsWritten) {
  constexpr int kSnapshots = 1000;
  Queue<Bytes> queue;
  queue.set_capacity(16);
  std::atomic<int> wrong = 0;

  std::vector<std::jthread> consumers;
  for (int c = 0; c < 2; ++c) {
    consumers.emplace_back([&] {
      for (;;) {
        Bytes snapshot;
        queue.pop(snapshot);
        if (snapshot.empty()) return;
        // Every snapshot is one letter, repeated.
        if (snapshot.count(snapshot[0]) != snapshot.size()) ++wrong;
      }
    });
  }
  BytesIO stream;
  for (int i = 0; i < kSnapshots; ++i) {
    const std::string letters(stream.size(), static_cast<char>('a' + i % 26));
    stream.seek(0);
    stream.write(letters);
    stream.write(std::string(10, letters.empty() ? 'a' : letters[0]));
    queue.push(stream.getvalue());
  }
  queue.push(Bytes());
  queue.push(Bytes());
  consumers.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(stream.size(), 10u * kSnapshots);
}

}  // namespace
}  // namespace quire
