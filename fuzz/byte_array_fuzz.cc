// Any sequence of operations on ByteArray does what the model does.
#include <cstddef>
#include <cstdint>

#include "support/byte_array_machine.h"
#include "support/fuzz_choices.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quire::test::ByteArrayMachine machine{quire::test::FuzzChoices({data, size})};
  while (!machine.choices().exhausted()) machine.step();
  return 0;
}
