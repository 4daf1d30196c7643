// The ledger: what is counted, for which reason, and whose count it is.
#include "quire/ledger.h"

#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/adapters/gtest.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"

namespace quire {
namespace {

Ledger copied(CopyReason reason, std::uint64_t bytes) {
  Ledger ledger;
  ledger.copied[static_cast<std::size_t>(reason)] = bytes;
  return ledger;
}

Ledger shared(CopyReason reason, std::uint64_t bytes) {
  Ledger ledger;
  ledger.shared[static_cast<std::size_t>(reason)] = bytes;
  return ledger;
}

/// What `operation` makes the calling thread count.
template <class Operation>
Ledger counted(Operation operation) {
  const Ledger before = thread_ledger();
  operation();
  return thread_ledger() - before;
}

/// The same, as the stream itself counts it.
template <class Operation>
Ledger counted_by(const BytesIO& stream, Operation operation) {
  const Ledger before = stream.ledger();
  operation();
  return stream.ledger() - before;
}

constexpr std::size_t kSize = 100'000;

TEST(Ledger, IsAPlainValue) {
  static_assert(std::is_trivially_copyable_v<Ledger>);
  static_assert(Ledger() == Ledger());
  EXPECT_EQ(Ledger().copied_total(), 0U);
  EXPECT_EQ(Ledger().shared_total(), 0U);
}

TEST(Ledger, ReasonsHaveNames) {
  EXPECT_STREQ(to_string(CopyReason::Growth), "growth");
  EXPECT_STREQ(to_string(CopyReason::CopyOnWrite), "copy-on-write");
  EXPECT_STREQ(to_string(CopyReason::GetValue), "getvalue");
  EXPECT_STREQ(to_string(CopyReason::Caller), "caller's buffer");
  EXPECT_STREQ(to_string(static_cast<CopyReason>(kCopyReasons)), "unknown");
}

TEST(Ledger, TotalsAndDifferencesGoByReason) {
  const Ledger earlier{.copied = {1, 2, 3, 4}, .shared = {10, 20, 30, 40}};
  const Ledger later{.copied = {101, 202, 303, 404}, .shared = {1010, 2020, 3030, 4040}};
  const Ledger wanted{.copied = {100, 200, 300, 400}, .shared = {1000, 2000, 3000, 4000}};
  EXPECT_EQ(later - earlier, wanted);
  EXPECT_EQ(wanted.copied_total(), 1000U);
  EXPECT_EQ(wanted.shared_total(), 10'000U);
  EXPECT_EQ(wanted.copied_for(CopyReason::Growth), 100U);
  EXPECT_EQ(wanted.copied_for(CopyReason::CopyOnWrite), 200U);
  EXPECT_EQ(wanted.copied_for(CopyReason::GetValue), 300U);
  EXPECT_EQ(wanted.copied_for(CopyReason::Caller), 400U);
  EXPECT_EQ(wanted.shared_for(CopyReason::Caller), 4000U);
}

// --- Bytes ---------------------------------------------------------------------------------------

TEST(Ledger, MakingBytesCopiesTheCallersBuffer) {
  const std::string data(kSize, 'x');
  EXPECT_EQ(counted([&] { const Bytes bytes(data); }), copied(CopyReason::Caller, kSize));
}

TEST(Ledger, CopyingMovingAndSlicingBytesCopiesNothing) {
  Bytes bytes(std::string(kSize, 'x'));
  const Ledger ledger = counted([&] {
    const Bytes copy = bytes;
    const Bytes slice = copy.slice(10, 20);
    bytes = Bytes();
    bytes = copy;
  });
  EXPECT_EQ(ledger.copied_total(), 0U);
}

TEST(Ledger, AdoptingCopiesNothing) {
  std::string data(kSize, 'x');
  EXPECT_EQ(counted([&] { const Bytes bytes = Bytes::adopt(std::move(data)); }).copied_total(), 0U);
}

// --- BytesIO -------------------------------------------------------------------------------------

TEST(Ledger, AWriteCopiesTheCallersBuffer) {
  BytesIO stream;
  stream.reserve(kSize);
  const std::string data(kSize, 'x');
  EXPECT_EQ(counted_by(stream, [&] { stream.write(data); }), copied(CopyReason::Caller, kSize));
}

TEST(Ledger, ReadintoCopiesIntoTheCallersBuffer) {
  BytesIO stream(Bytes(std::string(kSize, 'x')));
  std::vector<std::byte> target(10);
  EXPECT_EQ(counted_by(stream, [&] { stream.readinto(target); }), copied(CopyReason::Caller, 10));
  stream.seek(-4, Whence::End);
  EXPECT_EQ(counted_by(stream, [&] { stream.readinto(target); }), copied(CopyReason::Caller, 4));
}

TEST(Ledger, ResultsShare) {
  BytesIO stream;
  stream.write(std::string(kSize, 'x'));
  const Ledger whole = shared(CopyReason::GetValue, kSize);
  EXPECT_EQ(counted_by(stream, [&] { (void)stream.getvalue(); }), whole);
  stream.seek(0);
  EXPECT_EQ(counted_by(stream, [&] { (void)stream.read(100); }), shared(CopyReason::GetValue, 100));
  EXPECT_EQ(counted_by(stream, [&] { (void)stream.readline(50); }),
            shared(CopyReason::GetValue, 50));
  EXPECT_EQ(counted_by(stream, [&] { (void)stream.read_at(0, 70); }),
            shared(CopyReason::GetValue, 70));
  EXPECT_EQ(counted_by(stream, [&] { (void)stream.slice(5, 10); }),
            shared(CopyReason::GetValue, 5));
}

TEST(Ledger, AWriteBelowASnapshotCopiesWhatItDoesNotOverwrite) {
  BytesIO stream;
  stream.write(std::string(kSize, 'x'));
  const Bytes snapshot = stream.getvalue();
  stream.seek(10);
  const Ledger ledger = counted_by(stream, [&] { stream.write("0123456789"); });
  EXPECT_EQ(ledger.copied_for(CopyReason::CopyOnWrite), kSize - 10);
  EXPECT_EQ(ledger.copied_for(CopyReason::Caller), 10U);
  EXPECT_EQ(ledger.copied_total(), kSize);
  // From then on the block is the stream's own.
  EXPECT_EQ(counted_by(stream, [&] { stream.write("0123456789"); }),
            copied(CopyReason::Caller, 10));
}

TEST(Ledger, AppendingBesideASnapshotCopiesOnlyTheCallersBuffer) {
  BytesIO stream;
  stream.reserve(2 * kSize);
  stream.write(std::string(kSize, 'x'));
  const Bytes snapshot = stream.getvalue();
  EXPECT_EQ(counted_by(stream, [&] { stream.write("more"); }), copied(CopyReason::Caller, 4));
}

TEST(Ledger, GrowingAPinnedBlockIsGrowth) {
  BytesIO stream;
  stream.write(std::string(kSize, 'x'));
  stream.compact();
  const Bytes snapshot = stream.getvalue();
  const Ledger ledger = counted_by(stream, [&] { stream.write("more"); });
  EXPECT_EQ(ledger.copied_for(CopyReason::Growth), kSize);
  EXPECT_EQ(ledger.copied_for(CopyReason::CopyOnWrite), 0U);
  EXPECT_EQ(ledger.copied_for(CopyReason::Caller), 4U);
}

TEST(Ledger, AFixedBufferCannotShare) {
  std::array<std::byte, 16> memory{};
  BytesIO stream = BytesIO::over(memory);
  stream.write("0123456789");
  EXPECT_EQ(counted_by(stream, [&] { (void)stream.getvalue(); }), copied(CopyReason::GetValue, 10));
}

TEST(Ledger, TheThreadCountsWhatTheStreamCounts) {
  BytesIO stream;
  const std::string data(kSize, 'x');
  Ledger by_stream;
  const Ledger by_thread = counted([&] {
    by_stream = counted_by(stream, [&] {
      stream.write(data);
      const Bytes snapshot = stream.getvalue();
      stream.seek(0);
      stream.write("x");
      (void)stream.read();
    });
  });
  EXPECT_EQ(by_thread, by_stream);
  EXPECT_GT(by_thread.copied_for(CopyReason::CopyOnWrite), 0U);
}

// --- threads -------------------------------------------------------------------------------------

constexpr int kThreads = 8;
constexpr std::uint64_t kRounds = 10'000;

/// Runs `work(thread)` on kThreads threads at once and waits for them.
template <class Work>
void on_all_threads(Work work) {
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) threads.emplace_back(work, thread);
  for (std::thread& thread : threads) thread.join();
}

TEST(Ledger, EachThreadsCountIsItsOwnAndExact) {
  std::array<Ledger, kThreads> readings;
  const Ledger here = counted([&] {
    on_all_threads([&](int thread) {
      EXPECT_EQ(thread_ledger(), Ledger()) << "a new thread starts at nothing";
      for (std::uint64_t round = 0; round < kRounds; ++round) {
        detail::count_copied(CopyReason::Growth, static_cast<std::size_t>(thread) + 1);
        detail::count_shared(CopyReason::GetValue, 2);
      }
      readings[static_cast<std::size_t>(thread)] = thread_ledger();
    });
  });
  EXPECT_EQ(here, Ledger()) << "counted by other threads";
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    EXPECT_EQ(readings[thread].copied_for(CopyReason::Growth), kRounds * (thread + 1)) << thread;
    EXPECT_EQ(readings[thread].shared_for(CopyReason::GetValue), kRounds * 2) << thread;
  }
}

TEST(Ledger, TheProcessSumsThreadsThatLiveAndThatHaveEnded) {
  const Ledger before = process_ledger();
  detail::count_copied(CopyReason::Caller, 1);
  on_all_threads([&](int) {
    detail::count_copied(CopyReason::Caller, 10);
    // This one at least is alive and has counted.
    EXPECT_GE((process_ledger() - before).copied_for(CopyReason::Caller), 11U);
  });
  EXPECT_EQ(process_ledger() - before, copied(CopyReason::Caller, 1 + 10 * kThreads));
  on_all_threads([](int) { detail::count_shared(CopyReason::GetValue, 5); });
  EXPECT_EQ((process_ledger() - before).shared_for(CopyReason::GetValue), 5U * kThreads);
}

TEST(Ledger, TheProcessReadingNeverGoesBackWhileThreadsComeAndGo) {
  std::atomic<bool> stop = false;
  std::thread reader([&] {
    std::uint64_t last = 0;
    while (!stop) {
      const std::uint64_t now = process_ledger().copied_total();
      EXPECT_GE(now, last);
      last = now;
    }
  });
  for (int round = 0; round < 20; ++round) {
    on_all_threads([](int) { detail::count_copied(CopyReason::Growth, 7); });
  }
  stop = true;
  reader.join();
}

TEST(Ledger, AThreadThatOnlyReadsIsCountedAsNothing) {
  const Ledger before = process_ledger();
  std::thread([] { EXPECT_EQ(thread_ledger(), Ledger()); }).join();
  EXPECT_EQ(process_ledger() - before, Ledger());
}

TEST(Ledger, CountersTakeAndAdd) {
  detail::LedgerCounters counters;
  counters.add_copied(CopyReason::Growth, 3);
  counters.add_shared(CopyReason::Caller, 4);
  const Ledger reading = counters.read();
  EXPECT_EQ(counters.take(), reading);
  EXPECT_EQ(counters.read(), Ledger());
  counters.add(reading);
  counters.add(reading);
  EXPECT_EQ(counters.read() - reading, reading);
}

}  // namespace
}  // namespace quire
