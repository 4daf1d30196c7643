// cached_memory: how much of what streams have freed is kept, and who may say how much that is.
#include "quire/cached_memory.h"

#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/detail/pages.h"
#include "quire/memory_report.h"
#include "support/skips.h"
#include "support/storage.h"

namespace quire::test {
namespace {

/// A stream that has exactly one mapping of `size` bytes, all of it in use.
BytesIO stream_of(std::size_t size) {
  BytesIO stream;
  stream.reserve(size);
  stream.write(std::string(size, 'x'));
  return stream;
}

/// Frees the memory of streams of these sizes, in MiB, one after the other.
void free_streams(const std::vector<std::size_t>& sizes) {
  std::vector<BytesIO> streams;
  for (const std::size_t size : sizes) streams.push_back(stream_of(size * kMib));
  for (BytesIO& stream : streams) stream.close();
}

/// Bytes of anonymous memory that the process has touched, the kept ones included.
std::size_t touched() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::size_t kib = 0;
  for (std::string word; rollup >> word;) {
    if (word == "Anonymous:") rollup >> kib;
  }
  return kib * kKib;
}

/// What a report says of the memory kept for reuse, or nothing.
std::string reported() {
  std::ostringstream out;
  MemoryReport().print(out);
  const std::string text = out.str();
  const std::size_t at = text.find("Cached for reuse");
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

class CachedMemory : public testing::Test {
 protected:
  void SetUp() override { release_cached_memory(); }

  void TearDown() override {
    limit_cached_memory(32 * kMib);
    release_cached_memory();
  }
};

TEST_F(CachedMemory, IsAtMost32MibUnlessSomebodySaysOtherwise) {
  QUIRE_SKIP_WITHOUT_PAGES();
  free_streams({12, 12});
  EXPECT_EQ(cached_memory(), 24 * kMib);
  free_streams({40});
  EXPECT_EQ(cached_memory(), 24 * kMib) << "too large, and no reason to let go of the others";
  free_streams({20});
  EXPECT_EQ(cached_memory(), 32 * kMib) << "the oldest goes";
  free_streams({32});
  EXPECT_EQ(cached_memory(), 32 * kMib);
}

TEST_F(CachedMemory, GoesAtOnceWhenTheLimitIsLowered) {
  QUIRE_SKIP_WITHOUT_PAGES();
  free_streams({10, 8, 6});
  const std::size_t before = touched();
  limit_cached_memory(14 * kMib);
  EXPECT_EQ(cached_memory(), 14 * kMib) << "the oldest goes, and no more than has to";
  limit_cached_memory(14 * kMib - 1);
  EXPECT_EQ(cached_memory(), 6 * kMib);
  if (!kSanitized) {
    EXPECT_LE(touched(), before - 18 * kMib + 256 * kKib) << "back to the system";
  }
  free_streams({8});
  EXPECT_EQ(cached_memory(), 8 * kMib) << "no more than the new limit";
}

TEST_F(CachedMemory, IsNoneWhenTheLimitIsZero) {
  QUIRE_SKIP_WITHOUT_PAGES();
  free_streams({10, 8});
  const std::size_t before = touched();
  limit_cached_memory(0);
  EXPECT_EQ(cached_memory(), 0u);
  free_streams({10, 1});
  EXPECT_EQ(cached_memory(), 0u);
  if (!kSanitized) {
    EXPECT_LE(touched(), before - 18 * kMib + 256 * kKib) << "back to the system";
  }
  EXPECT_EQ(release_cached_memory(), 0u);
  BytesIO stream = stream_of(2 * kMib);
  EXPECT_EQ(stream.getvalue(), std::string(2 * kMib, 'x')) << "streams do without it";
}

TEST_F(CachedMemory, IsMoreWhenTheLimitIsRaised) {
  QUIRE_SKIP_WITHOUT_PAGES();
  limit_cached_memory(64 * kMib);
  free_streams({40, 24});
  EXPECT_EQ(cached_memory(), 64 * kMib);
  const BytesIO stream = stream_of(40 * kMib);
  EXPECT_EQ(cached_memory(), 24 * kMib) << "used again";
}

TEST_F(CachedMemory, IsWhatAReportSays) {
  QUIRE_SKIP_WITHOUT_PAGES();
  EXPECT_EQ(reported(), "");
  free_streams({10, 8, 6});
  EXPECT_EQ(reported(), "Cached for reuse 24 MiB");
  limit_cached_memory(20 * kMib);
  EXPECT_EQ(reported(), "Cached for reuse 14 MiB");
  const BytesIO stream = stream_of(8 * kMib);
  EXPECT_EQ(reported(), "Cached for reuse 6 MiB");
  limit_cached_memory(0);
  EXPECT_EQ(reported(), "");
}

// What small streams had of larger mappings counted against the limit when one was given back, but not
// when the limit was lowered.
TEST_F(CachedMemory, IsLessByWhatSmallStreamsHaveOfLargeMappings) {
  QUIRE_SKIP_WITHOUT_PAGES();
  free_streams({7, 10});
  BytesIO small = stream_of(kMib);  // in the smaller one, with 6 MiB to spare
  EXPECT_EQ(cached_memory(), 10 * kMib);
  limit_cached_memory(16 * kMib);
  EXPECT_EQ(cached_memory(), 10 * kMib);
  limit_cached_memory(16 * kMib - 1);
  EXPECT_EQ(cached_memory(), 0u);
  limit_cached_memory(1);
  small.close();
  limit_cached_memory(32 * kMib);
  free_streams({7});
  EXPECT_EQ(cached_memory(), 7 * kMib) << "what was lent is not forgotten, nor counted for good";
}

}  // namespace
}  // namespace quire::test
