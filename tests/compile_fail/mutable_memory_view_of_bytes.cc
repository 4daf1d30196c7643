// Bytes never change.
// EXPECT: no matching
#include "quire/quire.h"

quire::MutableMemoryView fail(const quire::Bytes& bytes) {
  return quire::MutableMemoryView(bytes);
}
