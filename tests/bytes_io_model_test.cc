// BytesIO under random operations, against the model.
#include <cstdint>
#include <cstdio>

#include <gtest/gtest.h>

#include "support/random_choices.h"
#include "support/stream_machine.h"

namespace quire {
namespace {

TEST(BytesIOModel, RandomOperationsMatchTheModel) {
  test::StreamMachine machine(test::RandomChoices::from_environment());
  for (int step = 0; step < 400'000; ++step) machine.step();
  std::printf("%-12s", "operation");
  for (const char* const state : test::kStates) std::printf("%10s", state);
  for (const auto& [name, counts] : machine.counts()) {
    std::printf("\n%-12s", name.c_str());
    for (std::size_t state = 0; state < counts.size(); ++state) {
      std::printf("%10zu", counts[state]);
      EXPECT_GE(counts[state], 1000u) << name << " while " << test::kStates[state];
    }
  }
  std::printf("\n");
}

}  // namespace
}  // namespace quire
