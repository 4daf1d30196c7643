// Bytes never change.
// EXPECT: assignment of read-only|read-only|const-qualified|not assignable|lvalue required
#include "quire/quire.h"

void fail(quire::Bytes& bytes) {
  *bytes.begin() = std::byte{1};
}
