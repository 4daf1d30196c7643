// The programs of docs/guide/text.md.

#include <iostream>
#include <string>

#include "quire/quire.h"

using namespace quire::literals;
using quire::Bytes;
using quire::BytesIO;
using quire::StringIO;
using quire::TextIOWrapper;
using quire::TextOptions;

int main() {
  // [decode]
  const Bytes bytes("na\xC3\xAFve \xE2\x82\xAC");
  const std::string text = bytes.decode();  // UTF-8 if nothing else is said
  std::cout << text << ' ' << bytes.size() << '\n';

  const Bytes latin("caf\xE9");
  std::cout << latin.decode("latin-1") << ' ' << latin.decode("utf-8", "replace") << ' '
            << latin.decode("ascii", "backslashreplace") << '\n';
  // [/decode]

  // [bad]
  try {
    static_cast<void>(latin.decode());
  } catch (const quire::UnicodeDecodeError& error) {
    std::cout << error.what() << " [" << error.start() << ", " << error.end() << ")\n";
  }
  // [/bad]

  // [stringio]
  StringIO f;
  f.write("na\xC3\xAFve caf\xC3\xA9\n");
  f.seek(6);  // the sixth code point, not the sixth byte
  std::cout << f.read(4) << ' ' << f.tell() << ' ' << f.size() << '\n';
  f.seek(2);
  f.write("i");  // one code point for another: what follows moves up a byte
  std::cout << f.getvalue();
  // [/stringio]

  // [newlines]
  StringIO mixed("unix\nmac\rwindows\r\n", std::nullopt);  // newline=None: all become '\n'
  for (const std::string& line : mixed) std::cout << line.size() << ' ';
  std::cout << mixed.newlines().size() << " kinds\n";
  // [/newlines]

  // [wrapper]
  BytesIO raw;
  TextIOWrapper out(raw, {.encoding = "utf-16-le", .newline = "\r\n"});
  out.write("\xE2\x82\xAC 5\n");
  out.flush();
  std::cout << raw.getvalue().hex(" ", 2) << '\n';
  // [/wrapper]

  // [positions]
  TextIOWrapper in(BytesIO("\xE2\x82\xAC 5\r\n\xE2\x82\xAC 6\r\n"_b));  // universal newlines
  static_cast<void>(in.readline());
  const std::size_t second = in.tell();
  std::cout << second << ' ';  // code points as read: "€ 5\n" is four
  std::cout << in.readline();
  in.seek(static_cast<std::ptrdiff_t>(second) + 2);
  std::cout << in.read();
  // [/positions]
}
