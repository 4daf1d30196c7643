// The program of docs/adapters/hash.md.
#include "quire/adapters/hash.h"

#include <iostream>

#include "quire/quire.h"

using namespace quire;

int main() {
  // [filter]
  BytesIO source("some bytes, on their way from one place to another"_b);
  BytesIO target;
  HashStream<Sha256> out(target);
  copyfileobj(source, out);
  std::cout << out.hash().hexdigest() << '\n';

  target.seek(0);
  HashStream<Crc32> in(target);
  while (!in.readline().empty()) {
  }
  std::cout << std::hex << in.hash().value() << std::dec << '\n';
  // [/filter]

  // [alone]
  Xxh3 hash;
  hash.update("in ");
  const Xxh3 so_far = hash;  // a value: copies go their own ways
  hash.update("pieces");
  std::cout << so_far.hexdigest() << ' ' << hash.hexdigest() << '\n';
  std::cout << Sha256::digest_of("at once").slice(0, 4).hex() << '\n';
  // [/alone]

  // [verified]
  VerifiedStream stream;  // VerifiedStream<Crc32>
  stream.write("name,score\nAda,10\n");
  stream.seek(11);
  stream.write("Bob");
  std::cout << stream.getvalue() << (stream.verify() ? " verified\n" : " damaged\n");

  stream.getbuffer()[15] = std::byte{'9'};  // not by one of its own calls
  std::cout << stream.getvalue() << (stream.verify() ? " verified\n" : " damaged\n");
  // [/verified]
}
