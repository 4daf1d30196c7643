// A bound is a whole number.
// EXPECT: no matching|no viable|could not convert|cannot convert|no known conversion
#include "quire/quire.h"

quire::Bytes fail(const quire::Bytes& bytes) {
  return bytes.slice(1.5);
}
