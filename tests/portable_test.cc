// The storage of systems other than Linux, which the linker finds here before the one in the library: that
// it is there, and streams on it against the model.
#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/detail/pages.h"
#include "support/storage.h"

namespace quire {
namespace {

TEST(Portable, KeepsEverythingOnTheHeap) {
  EXPECT_FALSE(detail::pages::available());
  BytesIO stream(StorageOptions{.tier = StorageOptions::paged});
  stream.resize(std::size_t{4} << 20);
  EXPECT_EQ(test::tier_of(stream.getvalue()), "heap");
}

}  // namespace
}  // namespace quire
