// Text is written to a StringIO, encoded once, and handed on as a stream of bytes.

#include <initializer_list>
#include <iostream>
#include <string>
#include <string_view>

#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using quire::StringIO;

namespace {

std::string quoted(std::string_view field) {
  if (field.find_first_of(",\"\r\n") == field.npos) return std::string(field);
  std::string result = "\"";
  for (const char c : field) result.append(c == '"' ? 2 : 1, c);
  return result + '"';
}

void write_row(quire::TextStream& stream, std::initializer_list<std::string_view> fields) {
  std::string_view separator;
  for (const std::string_view field : fields) {
    stream.write(separator);
    stream.write(quoted(field));
    separator = ",";
  }
  stream.write("\r\n");
}

}  // namespace

int main() {
  StringIO stream;
  write_row(stream, {"Test1", "Test2"});
  write_row(stream, {"TestA", "TestB"});
  write_row(stream, {"3.5", "says \"hello, world\""});
  BytesIO upload = BytesIO::adopt(stream.getvalue());  // quire's text is UTF-8 already
  for (const Bytes& line : upload) std::cout << line << '\n';

  stream.seek(0);
  stream.truncate(0);
  stream.write("I am New Website! 😊");
  std::cout << "After reset: " << stream.getvalue() << '\n';
  stream.seek(5);
  std::cout << stream.read(3) << ' ' << stream.tell() << '\n';
}
