// ByteArray under random operations, against the model.
#include <gtest/gtest.h>

#include "support/byte_array_machine.h"
#include "support/operation_counts.h"
#include "support/random_choices.h"

namespace quire {
namespace {

TEST(ByteArrayModel, RandomOperationsMatchTheModel) {
  test::ByteArrayMachine machine(test::RandomChoices::from_environment());
  for (std::size_t step = 0; step < test::steps(250'000); ++step) machine.step();
  test::expect_every_cell(machine.counts(), test::kArrayStates);
}

}  // namespace
}  // namespace quire
