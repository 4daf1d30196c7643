// A MemoryView is no room to read into.
// EXPECT: cannot convert|no viable conversion
#include "quire/quire.h"

void fail(quire::BytesIO& stream, const quire::MemoryView& view) {
  stream.readinto(view);
}
