// A literal cannot be filled.
// EXPECT: no matching|no viable|could not convert|cannot convert|no known conversion|constraints not satisfied|invalid conversion
#include "quire/quire.h"

void fail(quire::BytesIO& stream) {
  stream.readinto("room");
}
