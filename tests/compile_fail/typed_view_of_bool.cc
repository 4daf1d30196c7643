// A byte that is neither 0 nor 1 is no bool.
// EXPECT: no matching
#include "quire/quire.h"

bool fail(const quire::MemoryView& view) {
  return view.cast<bool>()[0];
}
