// The program of docs/adapters/lz4.md.
#include "quire/adapters/lz4.h"

#include <iostream>

#include "quire/quire.h"

using namespace quire;

int main() {
  // [both]
  BytesIO packed;
  Lz4Writer out(packed, {.block_size = 64 << 10});
  for (int i = 0; i < 10'000; ++i) out.write<std::uint32_t>(static_cast<std::uint32_t>(i / 100));
  out.close();
  std::cout << (packed.size() < 10'000 ? "small\n" : "large\n");

  packed.seek(0);
  Lz4Reader in(packed);
  in.seek(4 * 9'999);
  std::cout << in.read<std::uint32_t>() << '\n';
  // [/both]
}
