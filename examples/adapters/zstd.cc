// The program of docs/adapters/zstd.md.
#include "quire/adapters/zstd.h"

#include <iostream>

#include "quire/quire.h"

using namespace quire;

int main() {
  // [both]
  BytesIO source(Bytes(100'000, std::byte{'x'}));
  BytesIO packed;
  ZstdWriter out(packed, {.level = 9});
  copyfileobj(source, out);
  out.close();
  std::cout << (packed.size() < 100 ? "small\n" : "large\n");

  packed.seek(0);
  ZstdReader in(packed, {.limit = 1 << 20});
  std::cout << in.read().size() << " bytes\n";
  // [/both]
}
