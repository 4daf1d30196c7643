// The growable byte streams and buffers that are written to, each as fast as it can be used, behind
// one vocabulary: append(data, size), reserve(size), rewind(), snapshot().
//
//   rewind()    empties and keeps the memory; kRewinds says whether the peer can
//   snapshot()  all bytes as a value that stays as it is; kSnapshots says whether it is a copy
//
// Lifetime: a writer owns its bytes. Thread: one.
#pragma once

#include <cstddef>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "peers.h"
#include "quire/bytes_io.h"

namespace bench {

struct QuireWriter {
  static constexpr const char* kName = "quire";
  static constexpr bool kReserves = true;
  static constexpr bool kRewinds = true;

  void append(const char* data, std::size_t size) { stream.write({data, size}); }

  void reserve(std::size_t size) { stream.reserve(size); }

  void rewind() { stream.clear(); }

  [[nodiscard]] quire::Bytes snapshot() const { return stream.getvalue(); }

  quire::BytesIO stream;
};

/// Through a reference to the base, as code that takes any Stream writes.
struct QuireStreamWriter : QuireWriter {
  static constexpr const char* kName = "quire as Stream&";
  static constexpr bool kReserves = false;

  QuireStreamWriter() { benchmark::DoNotOptimize(base); }

  void append(const char* data, std::size_t size) { base->write({data, size}); }

  quire::Stream* base = &stream;
};

struct StringWriter {
  static constexpr const char* kName = "std::string";
  static constexpr bool kReserves = true;
  static constexpr bool kRewinds = true;

  void append(const char* data, std::size_t size) { string.append(data, size); }

  void reserve(std::size_t size) { string.reserve(size); }

  void rewind() { string.clear(); }

  [[nodiscard]] std::string snapshot() const { return string; }

  std::string string;
};

struct VectorWriter {
  static constexpr const char* kName = "std::vector";
  static constexpr bool kReserves = true;
  static constexpr bool kRewinds = true;

  void append(const char* data, std::size_t size) {
    vector.insert(vector.end(), data, data + size);
  }

  void reserve(std::size_t size) { vector.reserve(size); }

  void rewind() { vector.clear(); }

  [[nodiscard]] std::vector<char> snapshot() const { return vector; }

  std::vector<char> vector;
};

struct StringstreamWriter {
  static constexpr const char* kName = "std::stringstream";
  static constexpr bool kReserves = false;
  static constexpr bool kRewinds = true;

  // The buffer's own call: the stream's write() makes a sentry each time.
  void append(const char* data, std::size_t size) {
    stream.rdbuf()->sputn(data, static_cast<std::streamsize>(size));
  }

  void rewind() { stream.rdbuf()->pubseekpos(0, std::ios::out); }

  [[nodiscard]] std::string snapshot() const { return stream.str(); }

  std::stringstream stream;
};

#ifdef QUIRE_BENCH_HAS_ABSL
struct CordWriter {
  static constexpr const char* kName = "absl::Cord";
  static constexpr bool kReserves = false;
  static constexpr bool kRewinds = false;

  void append(const char* data, std::size_t size) { cord.Append(absl::string_view(data, size)); }

  [[nodiscard]] absl::Cord snapshot() const { return cord; }

  absl::Cord cord;
};
#endif

#ifdef QUIRE_BENCH_HAS_QT
struct QBufferWriter {
  static constexpr const char* kName = "QBuffer";
  static constexpr bool kReserves = true;
  static constexpr bool kRewinds = true;

  QBufferWriter() { buffer.open(QIODevice::ReadWrite); }

  void append(const char* data, std::size_t size) { buffer.write(data, static_cast<qint64>(size)); }

  void reserve(std::size_t size) { buffer.buffer().reserve(static_cast<int>(size)); }

  void rewind() { buffer.seek(0); }

  [[nodiscard]] QByteArray snapshot() const { return buffer.data(); }

  QBuffer buffer;
};

struct QByteArrayWriter {
  static constexpr const char* kName = "QByteArray";
  static constexpr bool kReserves = true;
  static constexpr bool kRewinds = true;

  void append(const char* data, std::size_t size) { array.append(data, static_cast<int>(size)); }

  void reserve(std::size_t size) { array.reserve(static_cast<int>(size)); }

  // Reserved memory stays when the size goes to 0.
  void rewind() {
    array.reserve(array.size());
    array.resize(0);
  }

  [[nodiscard]] QByteArray snapshot() const { return array; }

  QByteArray array;
};
#endif

#ifdef QUIRE_BENCH_HAS_BOOST
struct VectorstreamWriter {
  static constexpr const char* kName = "boost vectorstream";
  static constexpr bool kReserves = true;
  static constexpr bool kRewinds = true;

  void append(const char* data, std::size_t size) {
    stream.rdbuf()->sputn(data, static_cast<std::streamsize>(size));
  }

  void reserve(std::size_t size) { stream.reserve(size); }

  void rewind() { stream.rdbuf()->pubseekpos(0, std::ios::out); }

  [[nodiscard]] std::vector<char> snapshot() { return stream.vector(); }

  boost::interprocess::basic_vectorstream<std::vector<char>> stream;
};
#endif

/// Calls `body.operator()<Writer>()` for every peer that is built.
template <class Body>
void for_each_writer(Body body) {
  body.template operator()<QuireWriter>();
  body.template operator()<QuireStreamWriter>();
  body.template operator()<StringWriter>();
  body.template operator()<VectorWriter>();
  body.template operator()<StringstreamWriter>();
#ifdef QUIRE_BENCH_HAS_ABSL
  body.template operator()<CordWriter>();
#endif
#ifdef QUIRE_BENCH_HAS_QT
  body.template operator()<QBufferWriter>();
  body.template operator()<QByteArrayWriter>();
#endif
#ifdef QUIRE_BENCH_HAS_BOOST
  body.template operator()<VectorstreamWriter>();
#endif
}

}  // namespace bench
