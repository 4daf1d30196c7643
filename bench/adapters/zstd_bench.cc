// Zstandard by streams, beside the loop of libzstd's own example and beside all at once.

#include <cstddef>
#include <string>

#include <zstd.h>

#include "coding_bench.h"
#include "quire/adapters/zstd.h"

namespace {

using namespace bench;

constexpr int kLevel = 1;  // the library takes least of the time

}  // namespace

int main(int argc, char** argv) {
  const quire::Bytes packed = coding_rows(
      "zstd",
      [](quire::BytesIO& target) {
        quire::ZstdWriter out(target, {.level = kLevel});
        out.write(coding_data());
        out.close();
      },
      [](quire::BytesIO& source) { return quire::ZstdReader(source).read().size(); });
  coding_row("zstd/write 16 MiB", "a buffer", packed.size(), [] {
    ZSTD_CCtx* const context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    ZSTD_inBuffer in{coding_data().data(), coding_data().size(), 0};
    bool done = false;
    const std::size_t result = by_a_buffer([&](char* room, std::size_t size) {
      ZSTD_outBuffer out{room, size, 0};
      while (!done && out.pos == 0) {
        const ZSTD_EndDirective how = in.pos < in.size ? ZSTD_e_continue : ZSTD_e_end;
        const std::size_t left = ZSTD_compressStream2(context, &out, &in, how);
        done = how == ZSTD_e_end && left == 0;
      }
      return out.pos;
    });
    ZSTD_freeCCtx(context);
    return result;
  });
  coding_row("zstd/read 16 MiB", "a buffer", coding_data().size(), [packed] {
    ZSTD_DCtx* const context = ZSTD_createDCtx();
    ZSTD_inBuffer in{packed.data(), packed.size(), 0};
    const std::size_t result = by_a_buffer([&](char* room, std::size_t size) {
      ZSTD_outBuffer out{room, size, 0};
      while (out.pos == 0 && in.pos < in.size) ZSTD_decompressStream(context, &out, &in);
      return out.pos;
    });
    ZSTD_freeDCtx(context);
    return result;
  });
  coding_row("zstd/read 16 MiB", "all at once", coding_data().size(), [packed] {
    std::string result(coding_data().size(), '\0');
    return ZSTD_decompress(result.data(), result.size(), packed.data(), packed.size());
  });
  return run(argc, argv);
}
