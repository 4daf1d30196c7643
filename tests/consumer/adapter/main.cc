// A user's test of what their code copies.
#include <gtest/gtest.h>
#include <quire/adapters/gtest.h>
#include <quire/adapters/hash.h>
#include <quire/quire.h>

TEST(Consumer, CopiesNothing) {
  quire::BytesIO stream;
  stream.write("quire");
  EXPECT_COPIED_AT_MOST(0) {
    const quire::Bytes value = stream.getvalue();
    EXPECT_EQ(value.size(), 5U);
  }
}

TEST(Consumer, LinksAnAdapterThatIsALibrary) {
  EXPECT_EQ(quire::Crc32::digest_of("123456789").hex(), "cbf43926");
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
