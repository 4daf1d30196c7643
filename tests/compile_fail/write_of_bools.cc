// std::vector<bool> has no bytes to point at.
// EXPECT: no matching|no viable|could not convert|cannot convert|no known conversion
#include <vector>

#include "quire/quire.h"

void fail(quire::BytesIO& stream, const std::vector<bool>& flags) {
  stream.write(flags);
}
