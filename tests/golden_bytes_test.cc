// Bytes answers as python3's bytes does.
#include <gtest/gtest.h>

#include "quire/bytes.h"
#include "support/golden.h"
#include "support/golden_byte_methods.h"

namespace quire::test::golden {
namespace {

TEST(Golden, BytesAnswersAsPython) {
  replay("bytes", {}, ask<Bytes>);
}

}  // namespace
}  // namespace quire::test::golden
