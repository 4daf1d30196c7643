// Any sequence of operations on BytesIO does what the model does.
#include <cstddef>
#include <cstdint>

#include "support/fuzz_choices.h"
#include "support/stream_machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  quire::test::StreamMachine machine{quire::test::FuzzChoices({data, size})};
  while (!machine.choices().exhausted()) machine.step();
  return 0;
}
