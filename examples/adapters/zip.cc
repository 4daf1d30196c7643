// The program of docs/adapters/zip.md.
#include "quire/adapters/zip.h"

#include <iostream>
#include <string>

#include "quire/quire.h"

using namespace quire;

int main() {
  // [write]
  BytesIO f;
  ZipFile zip(f, "w");
  zip.writestr("notes.txt", "a few words");
  BytesIO& table = zip.create("table.csv");  // to be written until close()
  for (int i = 0; i < 1000; ++i) table.write(std::to_string(i) + '\n');
  zip.add("copy.csv", table.reader());  // any stream, read when the archive is closed
  zip.close();
  // [/write]

  // [read]
  const ZipFile archive(f);
  for (const ZipInfo& info : archive.infolist()) {
    std::cout << info.filename << ": " << info.file_size << " bytes\n";
  }
  std::cout << archive.read("notes.txt") << '\n';

  BufferedReader lines(archive.open("table.csv"));
  std::cout << lines.readline() << lines.readline() << '\n';
  // [/read]

  // [append]
  BytesIO g(f.getvalue());
  ZipFile more(g, "a");
  more.remove("copy.csv");
  more.writestr("added.txt", "later");
  more.close();
  for (const std::string& name : ZipFile(g).namelist()) std::cout << name << '\n';
  // [/append]

  // [errors]
  try {
    ZipFile cut(BytesIO(f.getvalue().slice(0, -10)));
  } catch (const ZipError& error) {
    std::cout << error.what() << '\n';
  }
  BytesIO damaged(f.getvalue());
  damaged.write_at(42, "???");
  std::cout << ZipFile(damaged).testzip().value_or("all is well") << '\n';
  // [/errors]
}
