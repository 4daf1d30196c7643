// A stream has an identity: it is moved, or cloned by name.
// EXPECT: use of deleted|deleted function|implicitly deleted|call to deleted|implicitly-deleted
#include "quire/quire.h"

quire::BytesIO fail(const quire::BytesIO& stream) {
  return stream;
}
