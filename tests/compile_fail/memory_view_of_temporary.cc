// A view borrows: a temporary string would be gone.
// EXPECT: no matching
#include "quire/quire.h"

quire::MemoryView fail() {
  return quire::MemoryView(std::string("gone"));
}
