// The smallest program that a user would write; every way to get at quire must build and run it.
#include <quire/quire.h>

int main() {
  quire::BytesIO stream;
  stream.write("quire");
  stream.seek(0);
  return stream.read() == quire::Bytes("quire") ? 0 : 1;
}
