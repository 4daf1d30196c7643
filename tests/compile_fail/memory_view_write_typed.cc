// Nor are the typed items of one.
// EXPECT: read-only|const-qualified
#include "quire/quire.h"

void fail(const quire::MemoryView& view) {
  view.cast<int>()[0] = 1;
}
