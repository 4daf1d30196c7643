// Operation counts of a machine, as a table that must have no empty cell.
#pragma once

#include <array>
#include <cstddef>
#include <cstdio>

#include <gtest/gtest.h>

#include "support/machine.h"

namespace quire::test {

/// Prints the table; every operation must have run 1000 times in every state.
template <std::size_t States>
void expect_every_cell(const Counts<States>& counts,
                       const std::array<const char*, States>& states) {
  std::printf("%-16s", "operation");
  for (const char* const state : states) std::printf("%10s", state);
  std::printf("\n");
  for (const auto& [name, cells] : counts) {
    std::printf("%-16s", name.c_str());
    for (const std::size_t count : cells) std::printf("%10zu", count);
    std::printf("\n");
    for (std::size_t state = 0; state < States; ++state) {
      EXPECT_GE(cells[state], 1000u) << name << " while " << states[state];
    }
  }
}

}  // namespace quire::test
