// 0 is a null pointer constant as well, and no bytes.
// EXPECT: use of deleted|deleted function|no matching|no viable|ambiguous|could not convert|invalid conversion|no known conversion
#include "quire/quire.h"

void fail(quire::BytesIO& stream) {
  stream.write(0);
}
