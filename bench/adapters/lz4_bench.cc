// LZ4 frames by streams, beside a loop over a buffer and beside all at once.

#include <cstddef>
#include <string>

#include <lz4frame.h>

#include "coding_bench.h"
#include "quire/adapters/lz4.h"

namespace {

using namespace bench;

LZ4F_preferences_t preferences() {
  LZ4F_preferences_t result = LZ4F_INIT_PREFERENCES;
  result.frameInfo.blockSizeID = LZ4F_max256KB;
  result.frameInfo.blockMode = LZ4F_blockIndependent;
  result.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const quire::Bytes packed = coding_rows(
      "lz4",
      [](quire::BytesIO& target) {
        quire::Lz4Writer out(target);
        out.write(coding_data());
        out.close();
      },
      [](quire::BytesIO& source) { return quire::Lz4Reader(source).read().size(); });
  coding_row("lz4/write 16 MiB", "all at once", packed.size(), [] {
    const LZ4F_preferences_t how = preferences();
    std::string result(LZ4F_compressFrameBound(coding_data().size(), &how), '\0');
    return LZ4F_compressFrame(result.data(), result.size(), coding_data().data(),
                              coding_data().size(), &how);
  });
  coding_row("lz4/read 16 MiB", "a buffer", coding_data().size(), [packed] {
    LZ4F_dctx* context = nullptr;
    LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
    std::size_t at = 0;
    const std::size_t result = by_a_buffer([&](char* room, std::size_t size) {
      std::size_t made = 0;
      while (made == 0 && at < packed.size()) {
        std::size_t taken = packed.size() - at;
        made = size;
        LZ4F_decompress(context, room, &made, packed.data() + at, &taken, nullptr);
        at += taken;
      }
      return made;
    });
    LZ4F_freeDecompressionContext(context);
    return result;
  });
  return run(argc, argv);
}
