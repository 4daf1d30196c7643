// What is const is not written to.
// EXPECT: no matching
#include "quire/quire.h"

quire::MutableMemoryView fail(const std::vector<int>& numbers) {
  return quire::MutableMemoryView(numbers);
}
