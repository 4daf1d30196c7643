// A MemoryView has none of the methods that write.
// EXPECT: no member named
#include "quire/quire.h"

void fail(const quire::MemoryView& view) {
  view.set(0, 1);
}
