// BytesIO on several threads: const operations at once, handles dropped while the stream writes.
// Run under ThreadSanitizer: a relaxed load where `unique` acquires is a race it reports here.
#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"

namespace quire {
namespace {

using std::string;

string text(ByteSpan bytes) {
  return string(bytes.as_chars());
}

/// Runs `body(thread number)` on `count` threads that start together.
void on_threads(std::size_t count, const std::function<void(std::size_t)>& body) {
  std::barrier start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      body(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

const string kContent = "first line\nsecond line\nthird line";

/// Every const operation of a stream of kContent at position 6, on 8 threads at once.
void expect_const_operations_at_once(const BytesIO& f) {
  on_threads(8, [&](std::size_t i) {
    for (std::size_t round = 0; round < 300; ++round) {
      ASSERT_EQ(text(f.getvalue()), kContent);
      ASSERT_EQ(f.tell(), 6u);
      ASSERT_EQ(f.size(), kContent.size());
      ASSERT_EQ(text(f.slice(static_cast<std::ptrdiff_t>(i))), kContent.substr(i));
      ASSERT_EQ(text(f.read_at(i, 5)), kContent.substr(i, 5));
      ASSERT_EQ(text(f.peek(4)), "line");
      ASSERT_EQ(f.find("second"), 11u);
      BytesIO reader = f.reader();
      ASSERT_EQ(text(reader.readline()), "first line\n");
      BytesIO clone = f.clone();
      ASSERT_EQ(clone.tell(), 6u);
      clone.write("CHANGED");
      ASSERT_GE(f.capacity(), kContent.size());
      (void)f.retained_bytes();
      ASSERT_FALSE(f.closed());
      ASSERT_TRUE(f.readable());
      ASSERT_TRUE(f.writable());
      ASSERT_TRUE(f.seekable());
      ASSERT_FALSE(f.isatty());
      ASSERT_THROW((void)f.fileno(), UnsupportedOperation);
      (void)f.ledger();
    }
  });
  EXPECT_EQ(text(f.getvalue()), kContent);
}

TEST(BytesIOThreads, EveryConstOperationAtOnceWhileSharing) {
  BytesIO f(kContent);
  f.seek(6);
  expect_const_operations_at_once(f);
}

TEST(BytesIOThreads, EveryConstOperationAtOnceOnceSharingHasHadACost) {
  BytesIO f(kContent);
  const Bytes snapshot = f.getvalue();
  f.write("f");
  f.seek(6);
  expect_const_operations_at_once(f);
}

TEST(BytesIOThreads, EveryConstOperationAtOnceUnderALiveView) {
  BytesIO f(kContent);
  f.seek(6);
  const MutableMemoryView view = f.getbuffer();
  expect_const_operations_at_once(f);
}

TEST(BytesIOThreads, EveryConstOperationAtOnceInAFixedBuffer) {
  std::array<std::byte, 100> memory{};
  BytesIO f = BytesIO::over(memory);
  f.write(kContent);
  f.seek(6);
  expect_const_operations_at_once(f);
}

TEST(BytesIOThreads, ReadOfADroppedHandleHappensBeforeTheWriteInPlace) {
  // The flag is relaxed on purpose: it tells when the handle is gone and orders nothing. Only the
  // handle's releasing decrement and the stream's acquiring look at the count may do that.
  BytesIO f(string(4096, '0'));
  for (int round = 0; round < 200; ++round) {
    const char mark = static_cast<char>('0' + round % 10);
    f.write_at(100, string(1, mark));
    Bytes handle = f.getvalue();
    const std::byte* const where = handle.data();
    std::atomic<bool> dropped = false;
    std::thread other([&dropped, mine = std::move(handle), mark]() mutable {
      EXPECT_EQ(static_cast<char>(mine.data()[100]), mark);
      mine = Bytes();
      dropped.store(true, std::memory_order_relaxed);
    });
    while (!dropped.load(std::memory_order_relaxed)) std::this_thread::yield();
    f.write_at(100, "!");
    other.join();
    ASSERT_EQ(f.getvalue().data(), where) << "was copied in round " << round;
  }
}

TEST(BytesIOThreads, HandleReadWhileTheStreamGoesOnWriting) {
  BytesIO f(string(4096, '0'));
  for (int round = 0; round < 500; ++round) {
    const string expected = text(f.getvalue());
    std::thread other([handle = f.getvalue(), &expected] { EXPECT_EQ(text(handle), expected); });
    f.write_at(static_cast<std::size_t>(round), "!");
    f.seek(0, Whence::End);
    f.write("appended");
    other.join();
  }
}

TEST(BytesIOThreads, MarkFallsBackWhenAnotherThreadDropsTheLastHandle) {
  BytesIO f(string(1000, 'x'));
  Bytes handle = f.getvalue();
  std::thread([dropped = std::move(handle)]() mutable { dropped = Bytes(); }).join();
  const Ledger before = f.ledger();
  f.write_at(0, "y");
  EXPECT_EQ((f.ledger() - before).copied_for(CopyReason::CopyOnWrite), 0u);
}

TEST(BytesIOThreads, CloneAndOriginalAppendOnTwoThreads) {
  BytesIO f;
  f.reserve(100000);
  f.write("base");
  BytesIO g = f.clone();
  const auto append = [](BytesIO& stream, char what) {
    for (int i = 0; i < 20000; ++i) stream.write(string(1, what));
  };
  std::thread other([&] { append(g, 'g'); });
  append(f, 'f');
  other.join();
  EXPECT_EQ(text(f.getvalue()), "base" + string(20000, 'f'));
  EXPECT_EQ(text(g.getvalue()), "base" + string(20000, 'g'));
}

TEST(BytesIOThreads, HandlesOfOneBlockAreIndependentObjects) {
  const Bytes shared(string(1000, 's'));
  on_threads(8, [&](std::size_t i) {
    for (int round = 0; round < 5000; ++round) {
      const Bytes copy = shared;
      const Bytes part = copy.slice(static_cast<std::ptrdiff_t>(i), 500);
      ASSERT_EQ(part.size(), 500 - i);
      BytesIO stream(copy);
      if (round % 50 == 0) stream.write("own");
    }
  });
  EXPECT_EQ(text(shared), string(1000, 's'));
  EXPECT_EQ(shared.block()->owner_count(), 1u);
}

}  // namespace
}  // namespace quire
