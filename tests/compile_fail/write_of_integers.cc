// Integers have a byte order, which nobody has said.
// EXPECT: no matching|no viable|could not convert|cannot convert|no known conversion
#include <vector>

#include "quire/quire.h"

void fail(quire::BytesIO& stream, const std::vector<int>& numbers) {
  stream.write(numbers);
}
