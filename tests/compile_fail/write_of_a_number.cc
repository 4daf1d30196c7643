// A number is no bytes.
// EXPECT: no matching|no viable|could not convert|cannot convert|no known conversion|invalid conversion
#include "quire/quire.h"

void fail(quire::BytesIO& stream) {
  stream.write(5);
}
