// The program of docs/adapters/sodium.md.
#include "quire/adapters/sodium.h"

#include <iostream>

#include "quire/quire.h"

using namespace quire;

int main() {
  // [both]
  const SecretKey key = SecretKey::generate();
  BytesIO box;
  SecretWriter out(box, key);
  out.write("meet me at noon");
  out.close();
  std::cout << box.size() << " bytes, " << (box.find("noon") == npos ? "unreadable\n" : "clear\n");

  box.seek(0);
  SecretReader in(box, key);
  std::cout << in.read() << '\n';
  // [/both]

  // [tamper]
  box.getbuffer()[40] ^= std::byte{1};
  box.seek(0);
  SecretReader tampered(box, key);
  try {
    std::cout << tampered.read() << '\n';
  } catch (const DataError& error) {
    std::cout << error.what() << '\n';
  }
  // [/tamper]

  // [password]
  const Bytes salt = SecretKey::new_salt();  // goes with the box, for all to see
  const SecretKey made = SecretKey::from_password("correct horse battery staple", salt);
  const SecretKey again = SecretKey::from_password("correct horse battery staple", salt);
  std::cout << (made.bytes() == again.bytes() ? "the same key\n" : "another key\n");
  // [/password]
}
