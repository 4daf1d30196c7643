// Nor does nullptr.
// EXPECT: use of deleted|deleted function|deleted constructor|explicitly deleted
#include "quire/quire.h"

void fail(quire::BytesIO& stream) {
  stream.write(nullptr);
}
