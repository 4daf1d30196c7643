// BytesIO under random operations, against the model.
#include <gtest/gtest.h>

#include "support/operation_counts.h"
#include "support/random_choices.h"
#include "support/stream_machine.h"

namespace quire {
namespace {

TEST(BytesIOModel, RandomOperationsMatchTheModel) {
  test::StreamMachine machine(test::RandomChoices::from_environment());
  for (std::size_t step = 0; step < test::steps(800'000); ++step) machine.step();
  test::expect_every_cell(machine.counts(), test::kStates);
}

}  // namespace
}  // namespace quire
