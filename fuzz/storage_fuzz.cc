// Any sequence of operations on streams in every tier, with system calls that fail, does what the
// model does. All operations of tests/storage_model_test.cc but forks, for whose child there would be no
// input left; and the input alone chooses, not what was done least.
#include <cstddef>
#include <cstdint>

#include "support/fuzz_choices.h"
#include "support/storage_machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quire::test::StorageCounts counts;
  quire::test::StorageMachine machine(quire::test::FuzzChoices({data, size}), counts);
  while (!machine.choices().exhausted()) machine.step();
  machine.finish();
  return 0;
}
