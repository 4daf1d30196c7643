// The dictionary of docs/guide/from_python.md: what Python says is the comment behind each line.

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quire/quire.h"

// A dictionary calls for the call's sake.
#pragma GCC diagnostic ignored "-Wunused-result"
#pragma GCC diagnostic ignored "-Wunused-value"

// [names]
using namespace quire::literals;
using std::nullopt;
// [/names]

namespace {

template <class T>
void use(const T& /*item*/) {}

void bytes() {
  // [bytes]
  quire::Bytes b = "abc abc"_b;               // b = b"abc abc"
  quire::Bytes("text");                       // bytes(some_buffer)
  quire::Bytes(3, std::byte{0});              // bytes(3)
  quire::Bytes::fromhex("00 ff");             // bytes.fromhex("00 ff")
  b.size();                                   // len(b)
  b[0], b[-1];                                // b[0], b[-1]
  b.slice(1, 3), b.slice(2);                  // b[1:3], b[2:]
  b.slice(nullopt, -1);                       // b[:-1]
  b.slice(nullopt, nullopt, -1);              // b[::-1]
  b.contains("bc");                           // b"bc" in b
  b.find("bc"), b.index("bc"), b.count("c");  // b.find(b"bc"), b.index(b"bc"), b.count(b"c")
  b.startswith({"ab", "cd"});                 // b.startswith((b"ab", b"cd"))
  b.split(), b.split(" ", 1);                 // b.split(), b.split(b" ", 1)
  b.partition(" "), b.splitlines(true);       // b.partition(b" "), b.splitlines(True)
  b.strip(), b.rstrip("c");                   // b.strip(), b.rstrip(b"c")
  b.replace("a", "x", 1);                     // b.replace(b"a", b"x", 1)
  ", "_b.join(b.split());                     // b", ".join(b.split())
  b + "!"_b, b * 3;                           // b + b"!", b * 3
  b.upper(), b.title(), b.zfill(10);          // b.upper(), b.title(), b.zfill(10)
  b.hex(), b.hex(":", 2);                     // b.hex(), b.hex(":", 2)
  b.decode("utf-8", "replace");               // b.decode("utf-8", "replace")
  b.repr(), std::hash<quire::Bytes>()(b);     // repr(b), hash(b)
  // [/bytes]
}

void byte_array() {
  // [bytearray]
  quire::ByteArray a("abc");            // a = bytearray(b"abc")
  quire::ByteArray(10);                 // bytearray(10)
  a.append(std::byte{33});              // a.append(33)
  a.extend("de"), a += "f";             // a.extend(b"de"); a += b"f"
  a.insert(0, std::byte{64}), a.pop();  // a.insert(0, 64); a.pop()
  a[0] = std::byte{65};                 // a[0] = 65
  a.assign_slice(1, 3, "xyz");          // a[1:3] = b"xyz"
  a.erase(0), a.erase_slice(1, 3);      // del a[0]; del a[1:3]
  a.reverse(), a.clear();               // a.reverse(); a.clear()
  a.freeze();                           // bytes(a), without the copy; a.take_bytes() in 3.15
  // [/bytearray]
}

void bytes_io() {
  // [bytesio]
  quire::BytesIO f;                              // f = io.BytesIO()
  quire::BytesIO("abc"_b);                       // io.BytesIO(b"abc")
  f.write("abc\ndef\n");                         // f.write(b"abc\ndef\n")
  f.writelines(std::vector{"a"_b, "b"_b});       // f.writelines([b"a", b"b"])
  f.tell(), f.seek(0);                           // f.tell(), f.seek(0)
  f.seek(-2, quire::Whence::End);                // f.seek(-2, io.SEEK_END)
  f.read(), f.read(2), f.read1(2);               // f.read(), f.read(2), f.read1(2)
  f.readline(), f.readlines();                   // f.readline(), f.readlines()
  for (const quire::Bytes& line : f) use(line);  // for line in f: use(line)
  f.getvalue();                                  // f.getvalue()
  f.getbuffer().tobytes();                       // f.getbuffer().tobytes()
  f.truncate(), f.truncate(2);                   // f.truncate(), f.truncate(2)
  f.peek(2);                                     // f.peek(2), from Python 3.16 on
  f.getvalue().size();                           // len(f.getvalue()); or f.size()
  f.seekable(), f.flush();                       // f.seekable(), f.flush()
  f.close(), f.closed();                         // f.close(), f.closed
  { quire::BytesIO scoped; }                     // with io.BytesIO() as scoped: ...
  // [/bytesio]

  // [bytesiomore]
  f = quire::BytesIO();
  f.resize(10);                         // none: cuts, or fills up with zeros
  f.clear();                            // f.seek(0); f.truncate()
  f.reader();                           // io.BytesIO(f.getvalue())
  f.clone();                            // copy.copy(f)
  f.read_at(0, 4), f.write_at(0, "x");  // none: leave the position alone
  // [/bytesiomore]
}

void views() {
  quire::BytesIO f("0123456789abcdef"_b);
  quire::ByteArray other(2);
  // [memoryview]
  quire::MutableMemoryView m = f.getbuffer();      // m = f.getbuffer()
  quire::MemoryView r("abc"_b);                    // r = memoryview(b"abc")
  m.toreadonly();                                  // m.toreadonly()
  m[0] = std::byte{48};                            // m[0] = 48
  m.slice(2, 9, 3), m.slice(-4);                   // m[2:9:3], m[-4:]
  m.slice(0, 2).assign(quire::MemoryView(other));  // m[0:2] = other
  m.size(), m.nbytes(), m.itemsize();              // len(m), m.nbytes, m.itemsize
  m.format(), m.shape(), m.strides();              // m.format, m.shape, m.strides
  m.readonly(), m.contiguous(), m.ndim();          // m.readonly, m.contiguous, m.ndim
  m.tobytes(), m.hex(" ");                         // m.tobytes(), m.hex(" ")
  m.tolist<std::uint8_t>();                        // m.tolist()
  m.cast("I"), m.cast("B", {4, 4});                // m.cast("I"), m.cast("B", [4, 4])
  m.cast("I").get<std::uint32_t>(1);               // m.cast("I")[1]
  m.cast("B", {4, 4}).set({1, 2}, 7);              // m.cast("B", [4, 4])[1, 2] = 7
  m == r;                                          // m == r
  m.release();                                     // m.release()
  // [/memoryview]
}

void files_and_text() {
  const std::string path = "/dev/null";
  // [files]
  quire::FileIO raw(path, "r");                            // raw = io.FileIO(path, "r")
  quire::BufferedReader reader(raw);                       // reader = io.BufferedReader(raw)
  quire::BufferedWriter writer(quire::FileIO(path, "w"));  // writer = open(path, "wb")
  quire::TextIOWrapper(reader, {.newline = ""});           // io.TextIOWrapper(reader, newline="")
  quire::copyfileobj(reader, writer);                      // shutil.copyfileobj(reader, writer)
  quire::SpooledIO spooled(quire::SpooledOptions{1000});   // SpooledTemporaryFile(1000)
  spooled.rollover();                                      // spooled.rollover()
  // [/files]

  // [stringio]
  quire::StringIO s("a\nb\n");                  // s = io.StringIO("a\nb\n")
  quire::StringIO("", nullopt);                 // io.StringIO("", newline=None)
  s.read(1), s.readline(), s.getvalue();        // s.read(1), s.readline(), s.getvalue()
  for (const std::string& line : s) use(line);  // for line in s: use(line)
  // [/stringio]
}

void numbers() {
  quire::BytesIO f(quire::Bytes(16, std::byte{0}));
  const quire::Bytes data = f.getvalue();
  // [struct]
  quire::pack("<Ih", 1, -2);                         // struct.pack("<Ih", 1, -2)
  quire::unpack_from("<Ih", data, 4);                // struct.unpack_from("<Ih", data, 4)
  quire::unpack<int, int>("<ih", data.slice(0, 6));  // struct.unpack("<ih", data[:6])
  quire::pack_into("<I", f.getbuffer(), 4, 7);       // struct.pack_into("<I", f.getbuffer(), 4, 7)
  quire::iter_unpack<int>("<i", data);               // struct.iter_unpack("<i", data)
  quire::Struct("<Ih").size();                       // struct.Struct("<Ih").size
  data.read<std::uint32_t>(8, std::endian::big);     // int.from_bytes(data[8:12], "big")
  f.write<std::uint32_t>(7, std::endian::big);       // f.write((7).to_bytes(4, "big"))
  // [/struct]
}

}  // namespace

int main() {
  bytes();
  byte_array();
  bytes_io();
  views();
  files_and_text();
  numbers();
}
