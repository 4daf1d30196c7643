// What is const cannot be filled.
// EXPECT: no matching|no viable|could not convert|cannot convert|no known conversion|constraints not satisfied
#include <string>

#include "quire/quire.h"

void fail(quire::BytesIO& stream, const std::string& room) {
  stream.readinto(room);
}
