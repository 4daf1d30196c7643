// The programs of docs/guide/streams.md.

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include "quire/quire.h"

using namespace quire::literals;
using quire::BufferedReader;
using quire::BufferedWriter;
using quire::Bytes;
using quire::BytesIO;
using quire::ByteSpan;
using quire::FileIO;
using quire::MutableByteSpan;
using quire::Stream;
using quire::Whence;

// [derive]
class CountedStream : public BytesIO {
 public:
  using BytesIO::BytesIO;
  using BytesIO::write;  // the other overloads stay visible

  std::size_t write(ByteSpan data) override {
    ++calls_;
    return BytesIO::write(data);
  }

  [[nodiscard]] int calls() const { return calls_; }

 private:
  int calls_ = 0;
};

void save(Stream& out) {  // knows streams only
  out.write("head");
  out.write("body");
}
// [/derive]

// [filter]
class Upper : public quire::FilterStream {
 public:
  using FilterStream::FilterStream;

  std::size_t readinto(MutableByteSpan target) override {
    const std::size_t count = inner().readinto(target);
    for (std::byte& b : target.subspan(0, count)) {
      b = static_cast<std::byte>(std::toupper(std::to_integer<int>(b)));
    }
    return count;
  }
};
// [/filter]

int main() {
  // [basics]
  BytesIO f;
  f.write("first line\nsecond line\n");
  std::cout << f.tell() << ' ' << f.size() << '\n';

  f.seek(6);
  std::cout << f.read(4) << f.readline() << '\n';  // a short or empty result is the end
  f.seek(-5, Whence::End);
  f.write("LINE");
  std::cout << f.getvalue() << '\n';

  f.seek(0);
  for (const Bytes& line : f) std::cout << line.size() << ' ';
  std::cout << f.read().empty() << '\n';
  // [/basics]

  // [gap]
  BytesIO sparse;
  sparse.write("ab");
  sparse.seek(4);
  sparse.write("c");   // the gap is filled with zeros
  sparse.truncate(2);  // cuts, and leaves the position where it is
  std::cout << sparse.getvalue() << ' ' << sparse.tell() << '\n';
  // [/gap]

  // [beyond]
  BytesIO record("id=7;name=quire"_b);
  std::cout << record.peek(2) << ' ' << record.read_at(10, 5) << ' ' << record.find(";") << '\n';
  record.write_at(3, "8");  // neither of the four moves the position
  std::cout << record.tell() << ' ' << record.getvalue() << '\n';
  record.clear();  // empty, at 0; the room stays if nobody shares it
  // [/beyond]

  // [typed]
  BytesIO binary;
  binary.write<std::uint16_t>(0x1234, std::endian::big);
  binary.write<float>(0.5F);
  binary.seek(0);
  std::cout << binary.read<std::uint16_t>(std::endian::big) << ' ' << binary.read<float>() << '\n';
  // [/typed]

  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("quire_guide_" + std::to_string(::getpid()));
  std::filesystem::create_directory(folder);
  const std::string path = folder / "data.txt";

  // [files]
  {
    BufferedWriter out(FileIO(path, "w"));
    for (int i = 0; i < 1000; ++i) out.write("a line of text\n");  // few calls to the system
    out.close();  // throws if the disk is full; a destructor would not
  }
  BufferedReader in{FileIO(path)};  // braces: with () this would declare a function
  std::cout << in.readline() << ' ' << in.read().size() << '\n';
  // [/files]

  // [handles]
  FileIO file(path);
  {
    BufferedReader borrows(file);  // flushes `file` in the end and leaves it open
    std::cout << borrows.peek().slice(0, 6) << '\n';
  }
  std::cout << file.closed() << '\n';
  BufferedReader owns(std::make_unique<FileIO>(path));  // closes it
  // [/handles]

  // [copy]
  BytesIO memory;
  file.seek(0);
  std::cout << copyfileobj(file, memory) << ' ' << memory.readlines().size() << '\n';
  memory.seek(0);
  std::cout << memory.readlines().size() << '\n';
  // [/copy]

  // [deriving]
  CountedStream counted;
  save(counted);
  std::cout << counted.calls() << ' ' << counted.getvalue() << '\n';
  // [/deriving]

  // [filtering]
  Upper upper(BytesIO("one\ntwo\n"_b));
  BufferedReader lines(upper);  // lines want a buffer around a filter
  for (const Bytes& line : lines) std::cout << line << ' ';
  std::cout << '\n';
  // [/filtering]

  // [spooled]
  quire::SpooledIO upload(quire::SpooledOptions{.max_size = 1000});
  upload.write(std::string(999, '.') + '\n');
  std::cout << upload.rolled() << ' ';
  upload.write("one line more\n");  // past max_size: all of it goes to a temporary file
  std::cout << upload.rolled() << ' ' << upload.slice(-5) << '\n';
  // [/spooled]

  // [path]
  const quire::FilePath whole = upload.as_path();  // there as long as this object is
  BufferedReader reader{FileIO(whole.str())};
  std::cout << reader.readline().size() << ' ' << reader.readline() << '\n';
  // [/path]

  // [fixed]
  std::array<std::byte, 16> room;
  BytesIO message = BytesIO::over(room);
  message.write("fits");
  try {
    message.write("this does not fit");
  } catch (const std::length_error& error) {
    std::cout << error.what() << '\n';
  }
  std::cout << message.getvalue() << '\n';  // a failed write leaves the stream as it was

  BytesIO cut = BytesIO::over(room, quire::WhenFull::Short);
  std::cout << cut.write("this does not fit") << '\n';
  // [/fixed]

  std::filesystem::remove_all(folder);
}
