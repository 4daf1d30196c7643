// A MemoryView is for reading.
// EXPECT: read-only|const-qualified|no viable overloaded
#include "quire/quire.h"

void fail(const quire::MemoryView& view) {
  view[0] = std::byte{1};
}
