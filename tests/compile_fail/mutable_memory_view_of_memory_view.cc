// A view does not become writable again.
// EXPECT: no matching
#include "quire/quire.h"

quire::MutableMemoryView fail(const quire::MemoryView& view) {
  return quire::MutableMemoryView(view);
}
