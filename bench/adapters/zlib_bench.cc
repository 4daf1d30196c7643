// gzip by streams, beside the loop of zlib's own example.

#include <cstddef>

#include <zlib.h>

#include "coding_bench.h"
#include "quire/adapters/zlib.h"

namespace {

using namespace bench;

constexpr int kLevel = 1;  // the library takes least of the time
constexpr int kGzip = 15 + 16;

Bytef* input(const quire::Bytes& data) {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(data.data()));
}

template <class Call>
std::size_t filled(z_stream& zlib, char* room, std::size_t size, Call call) {
  zlib.next_out = reinterpret_cast<Bytef*>(room);
  zlib.avail_out = static_cast<uInt>(size);
  call();
  return size - zlib.avail_out;
}

}  // namespace

int main(int argc, char** argv) {
  const quire::Bytes packed = coding_rows(
      "gzip",
      [](quire::BytesIO& target) {
        quire::GzipWriter out(target, kLevel);
        out.write(coding_data());
        out.close();
      },
      [](quire::BytesIO& source) { return quire::GzipReader(source).read().size(); });
  coding_row("gzip/write 16 MiB", "a buffer", packed.size(), [] {
    z_stream zlib{};
    deflateInit2(&zlib, kLevel, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
    zlib.next_in = input(coding_data());
    zlib.avail_in = static_cast<uInt>(coding_data().size());
    const std::size_t result = by_a_buffer([&](char* room, std::size_t size) {
      return filled(zlib, room, size, [&] { deflate(&zlib, Z_FINISH); });
    });
    deflateEnd(&zlib);
    return result;
  });
  coding_row("gzip/read 16 MiB", "a buffer", coding_data().size(), [packed] {
    z_stream zlib{};
    inflateInit2(&zlib, kGzip);
    zlib.next_in = input(packed);
    zlib.avail_in = static_cast<uInt>(packed.size());
    const std::size_t result = by_a_buffer([&](char* room, std::size_t size) {
      return filled(zlib, room, size, [&] { inflate(&zlib, Z_NO_FLUSH); });
    });
    inflateEnd(&zlib);
    return result;
  });
  return run(argc, argv);
}
