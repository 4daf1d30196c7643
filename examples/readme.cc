// The example of the README: a snapshot is kept while the stream goes on.

// [example]
#include <iostream>

#include <quire/quire.h>

int main() {
  quire::BytesIO f;
  f.write("Hello, world!\n");
  const quire::Bytes before = f.getvalue();  // shares the stream's memory: nothing is copied
  f.seek(0);
  f.write("J");  // `before` shows these bytes, so the stream moves to a copy of its own
  const quire::Bytes after = f.getvalue();
  const quire::Bytes word = after.slice(after.find("world"), -2);  // shares, too
  std::cout << before << '\n' << after << '\n' << word << '\n';
}
// [/example]
