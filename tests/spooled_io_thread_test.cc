// SpooledIO beside other threads: whoever waits for the disk keeps only its own stream waiting.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "quire/detail/pages.h"
#include "quire/detail/temporary_file.h"
#include "quire/spooled_io.h"
#include "support/child_process.h"
#include "support/random_choices.h"
#include "support/skips.h"
#include "support/storage.h"

namespace quire::test {
namespace {

using detail::temporary_file::Call;

constexpr std::size_t kSmall = 1000;

// What a call to the disk waits for, in the thread that is to wait.
thread_local bool waits = false;
std::atomic<Call> slow_call = Call::Write;
std::atomic<bool> is_waiting = false;
std::atomic<bool> may_go_on = false;

int wait_for_the_disk(Call call) noexcept {
  if (!waits || call != slow_call) return 0;
  is_waiting = true;
  while (!may_go_on) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return 0;
}

/// Whether the streams of a process can do what they do in memory, many of them and each with a file.
bool streams_in_memory_work() {
  const std::string data = pattern(kMib);
  std::vector<BytesIO> streams;
  for (int i = 0; i < (kSanitized ? 24 : 64); ++i) {
    BytesIO& stream = streams.emplace_back(ByteSpan(data));
    const Bytes snapshot = stream.getvalue();
    stream.write_at(0, "changed");
    const Bytes second = stream.getvalue();
    stream.write_at(7, "again");
    if (ByteSpan(snapshot).as_chars() != data) return false;
  }
  return true;
}

void expect_others_go_on(Call call, const std::function<void()>& spill) {
  slow_call = call;
  is_waiting = may_go_on = false;
  detail::temporary_file::set_fault_hook(wait_for_the_disk);
  std::thread waiting([&] {
    waits = true;
    spill();
  });
  while (!is_waiting) std::this_thread::yield();
  std::future<bool> others = std::async(std::launch::async, streams_in_memory_work);
  EXPECT_EQ(others.wait_for(std::chrono::seconds(30)), std::future_status::ready)
      << "a stream in memory waits for the disk of another one";
  may_go_on = true;
  waiting.join();
  EXPECT_TRUE(others.get());
  detail::temporary_file::set_fault_hook(nullptr);
}

TEST(SpooledIOThreads, NoStreamInMemoryWaitsForTheDisk) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::string data = pattern(2 * kMib);
  SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = kSmall});
  // What has changed goes back into the file.
  expect_others_go_on(Call::Write, [&] { stream.write_at(0, pattern(2 * kMib, 2)); });
  // A snapshot sees that: a new file.
  const Bytes snapshot = stream.getvalue();
  expect_others_go_on(Call::Copy, [&] { stream.write_at(0, pattern(kMib, 3)); });
  EXPECT_EQ(ByteSpan(snapshot).as_chars(), pattern(2 * kMib, 2));
  EXPECT_EQ(ByteSpan(stream.slice(0, kMib)).as_chars(), pattern(kMib, 3));
}

int be_slow(Call call) noexcept {
  if (!waits || call != Call::Write) return 0;
  is_waiting = true;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  is_waiting = false;
  return 0;
}

TEST(SpooledIOThreads, ForkWhileAnotherThreadWritesBack) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const std::string data = pattern(kMib);
  std::atomic<bool> done = false;
  is_waiting = false;
  detail::temporary_file::set_fault_hook(be_slow);
  std::thread writing([&] {
    waits = true;
    SpooledIO stream(ByteSpan(data), SpooledOptions{.max_size = kSmall});
    for (unsigned round = 0; !done; ++round) {
      // Into a new file now and then, and else back into the same one.
      const Bytes snapshot = round % 8 == 0 ? stream.getvalue() : Bytes();
      stream.write_at(round % 2 * 512 * kKib, pattern(512 * kKib, round));
    }
  });
  std::vector<SpooledIO> streams;
  for (int i = 0; i < 20; ++i) {
    streams.emplace_back(ByteSpan(data), SpooledOptions{.max_size = kSmall});
  }
  for (int round = 0; round < (kSanitized ? 5 : 20); ++round) {
    while (!is_waiting) std::this_thread::yield();
    const int status = in_child([&] {
      ::alarm(15);
      // Whichever locks the other thread had: nobody has them here.
      for (SpooledIO& stream : streams) {
        const Bytes snapshot = stream.getvalue();
        stream.write_at(0, pattern(512 * kKib, 9));
        if (ByteSpan(snapshot).as_chars() != data) return 1;
      }
      return 0;
    });
    EXPECT_EQ(status, 0);
    if (status != 0) break;
  }
  done = true;
  writing.join();
  detail::temporary_file::set_fault_hook(nullptr);
}

}  // namespace
}  // namespace quire::test
