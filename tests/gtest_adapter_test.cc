// EXPECT_COPIED_AT_MOST: that it counts, that it fails when it must, and that it is one statement.
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include "quire/adapters/gtest.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"

namespace quire {
namespace {

/// Copies as many bytes, for the caller.
void copy(std::size_t bytes) {
  const Bytes copied(std::string(bytes, 'x'));
}

/// Runs `body` and returns the messages of the failures in it, which then do not count.
template <class Body>
std::string failures_of(Body body) {
  testing::TestPartResultArray results;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    body();
  }
  std::string messages;
  for (int i = 0; i < results.size(); ++i) {
    EXPECT_TRUE(results.GetTestPartResult(i).nonfatally_failed());
    const std::string message = results.GetTestPartResult(i).message();
    constexpr std::string_view heading = "Failed\n";
    EXPECT_TRUE(message.starts_with(heading)) << message;
    messages += message.substr(heading.size()) + "\n";
  }
  return messages;
}

TEST(GTestAdapter, PassesUpToTheLimit) {
  EXPECT_EQ(failures_of([] {
              EXPECT_COPIED_AT_MOST(0) {}
              EXPECT_COPIED_AT_MOST(10) {
                copy(10);
              }
            }),
            "");
}

TEST(GTestAdapter, FailsAboveTheLimitAndNamesTheReasons) {
  EXPECT_NONFATAL_FAILURE(
      {
        EXPECT_COPIED_AT_MOST(9) { copy(10);
}
},
      "copied by this thread: expected at most 9, got 10 bytes copied (caller's buffer 10), 0 "
      "shared");
}

TEST(GTestAdapter, NamesEveryReasonThatCopied) {
  EXPECT_EQ(failures_of([] {
              EXPECT_COPIED_AT_MOST(1) {
                detail::count_copied(CopyReason::Growth, 4);
                detail::count_copied(CopyReason::GetValue, 3);
                detail::count_shared(CopyReason::CopyOnWrite, 20);
              }
            }),
            "copied by this thread: expected at most 1, got 7 bytes copied (growth 4, getvalue 3), "
            "20 shared (copy-on-write 20)\n");
}

TEST(GTestAdapter, TheFailureIsWhereTheMacroIs) {
  testing::TestPartResultArray results;
  int line = 0;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(
        testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    // clang-format off
    line = __LINE__; EXPECT_COPIED_AT_MOST(0) {
      copy(1);
    }
    // clang-format on
  }
  ASSERT_EQ(results.size(), 1);
  EXPECT_EQ(results.GetTestPartResult(0).line_number(), line);
  EXPECT_STREQ(results.GetTestPartResult(0).file_name(), __FILE__);
}

TEST(GTestAdapter, CountsNeitherBeforeNorAfterNorOtherThreads) {
  copy(10);
  EXPECT_EQ(failures_of([] {
              EXPECT_COPIED_AT_MOST(0) std::thread([] { copy(10); }).join();
              copy(10);
            }),
            "");
}

TEST(GTestAdapter, Nests) {
  const std::string messages = failures_of([] {
    EXPECT_COPIED_AT_MOST(15) {
      EXPECT_COPIED_AT_MOST(5) {
        copy(6);
      }
      EXPECT_COPIED_AT_MOST(10) {
        copy(10);
      }
    }
  });
  EXPECT_EQ(messages,
            "copied by this thread: expected at most 5, got 6 bytes copied (caller's buffer 6), 0 "
            "shared\n"
            "copied by this thread: expected at most 15, got 16 bytes copied (caller's buffer 16), "
            "0 shared\n");
}

TEST(GTestAdapter, BreakAndContinueBelongToTheLoopAround) {
  int rounds = 0;
  int rest = 0;
  const std::string messages = failures_of([&] {
    for (std::size_t i = 0; i < 10; ++i) {
      ++rounds;
      EXPECT_COPIED_AT_MOST(1) {
        copy(i);
        if (i == 1) continue;
        if (i == 2) break;
      }
      ++rest;
    }
  });
  EXPECT_EQ(rounds, 3);
  EXPECT_EQ(rest, 1);
  EXPECT_NE(messages.find("got 2 bytes"), std::string::npos) << messages;
  EXPECT_EQ(messages.find('\n'), messages.size() - 1) << "one failure only: " << messages;
}

TEST(GTestAdapter, AnExceptionPassesThroughAndItsCopiesCount) {
  const std::string messages = failures_of([] {
    EXPECT_THROW(
        {
          EXPECT_COPIED_AT_MOST(0) {
            copy(3);
            throw std::runtime_error("out");
          }
},
        std::runtime_error);
});
EXPECT_NE(messages.find("got 3 bytes"), std::string::npos) << messages;
}

TEST(GTestAdapter, AReturnPassesThrough) {
  const auto answer = [] {
    EXPECT_COPIED_AT_MOST(0) {
      return 42;
    }
    return 0;
  };
  EXPECT_EQ(answer(), 42);
}

TEST(GTestAdapter, AnElseBelongsToTheIfAround) {
  bool other = false;
  if (thread_ledger().copied_total() == std::uint64_t(-1)) {
    EXPECT_COPIED_AT_MOST(0) copy(0);
  } else {
    other = true;
  }
  EXPECT_TRUE(other);
}

TEST(GTestAdapter, OneStreamAlone) {
  BytesIO stream;
  BytesIO other;
  EXPECT_EQ(failures_of([&] {
              EXPECT_STREAM_COPIED_AT_MOST(stream, 5) {
                stream.write("12345");
                other.write("not this one");
              }
            }),
            "");
  EXPECT_NONFATAL_FAILURE(
      {
        BytesIO local;
        EXPECT_STREAM_COPIED_AT_MOST(local, 4) {
          local.write("12345");
        }
      },
      "copied by local: expected at most 4, got 5 bytes copied (caller's buffer 5), 0 shared");
}

TEST(GTestAdapter, OneStreamOnAnotherThread) {
  BytesIO stream;
  const std::string messages = failures_of([&] {
    EXPECT_STREAM_COPIED_AT_MOST(stream, 0) std::thread([&] { stream.write("12345"); }).join();
  });
  EXPECT_NE(messages.find("got 5 bytes"), std::string::npos) << messages;
}

}  // namespace
}  // namespace quire
