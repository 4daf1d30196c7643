// A bare pointer does not say how many bytes it means.
// EXPECT: use of deleted|deleted function|deleted constructor|explicitly deleted
#include "quire/quire.h"

void fail(quire::BytesIO& stream, const char* text) {
  stream.write(text);
}
