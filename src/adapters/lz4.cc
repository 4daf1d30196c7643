#include "quire/adapters/lz4.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include <lz4frame.h>

#include "quire/error.h"

namespace quire {

namespace {

constexpr std::size_t kHeader = LZ4F_HEADER_SIZE_MAX;

// Of the errors of this library only the names are public.
constexpr std::string_view kNoMemory = "ERROR_allocation_failed";

/// Errors: std::bad_alloc; std::invalid_argument for the rest: the encoder refuses nothing but options.
std::size_t checked(std::size_t result) {
  if (LZ4F_isError(result) == 0) return result;
  const std::string name = LZ4F_getErrorName(result);
  if (name == kNoMemory) throw std::bad_alloc();
  detail::throw_invalid("lz4: " + name);
}

struct Free {
  void operator()(LZ4F_cctx* context) const noexcept { LZ4F_freeCompressionContext(context); }

  void operator()(LZ4F_dctx* context) const noexcept { LZ4F_freeDecompressionContext(context); }
};

/// The library's number of a block size.
LZ4F_blockSizeID_t block_size_id(std::size_t size) {
  switch (size) {
    case std::size_t{64} << 10:
      return LZ4F_max64KB;
    case std::size_t{256} << 10:
      return LZ4F_max256KB;
    case std::size_t{1} << 20:
      return LZ4F_max1MB;
    case std::size_t{4} << 20:
      return LZ4F_max4MB;
    default:
      detail::throw_invalid("lz4 block size " + std::to_string(size) +
                            " is not 64 KiB, 256 KiB, 1 MiB or 4 MiB");
  }
}

LZ4F_preferences_t preferences(const Lz4Options& options) {
  if (options.level > LZ4F_compressionLevel_max()) {
    detail::throw_invalid("lz4 level " + std::to_string(options.level) + " is above " +
                          std::to_string(LZ4F_compressionLevel_max()));
  }
  LZ4F_preferences_t result = LZ4F_INIT_PREFERENCES;
  result.compressionLevel = options.level;
  result.frameInfo.blockSizeID = block_size_id(options.block_size);
  // What linked blocks come to depends on where they lay in memory, so on the pieces.
  result.frameInfo.blockMode = LZ4F_blockIndependent;
  result.frameInfo.contentChecksumFlag =
      options.checksum ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
  return result;
}

class Lz4Encoder : public Encoder {
 public:
  explicit Lz4Encoder(const Lz4Options& options)
      : preferences_(preferences(options)),
        block_size_(options.block_size),
        // A byte more than what may be buffered makes one block, and the end.
        least_room_(kHeader + LZ4F_compressBound(1, &preferences_)) {
    LZ4F_cctx* context = nullptr;
    checked(LZ4F_createCompressionContext(&context, LZ4F_VERSION));
    context_.reset(context);
  }

  [[nodiscard]] std::size_t least_room() const noexcept override { return least_room_; }

  Step encode(ByteSpan data, MutableByteSpan room, Goal goal) override {
    Step step;
    if (!begun_) {
      step.made =
          checked(LZ4F_compressBegin(context_.get(), room.data(), room.size(), &preferences_));
      begun_ = true;
    }
    std::byte* const out = room.data() + step.made;
    const std::size_t size = room.size() - step.made;
    if (goal == Goal::Go) {
      step.taken = std::min(data.size(), block_size_ - buffered_);
      step.made +=
          checked(LZ4F_compressUpdate(context_.get(), out, size, data.data(), step.taken, nullptr));
      buffered_ = (buffered_ + step.taken) % block_size_;
    } else {
      step.made +=
          checked(goal == Goal::Flush ? LZ4F_flush(context_.get(), out, size, nullptr)
                                      : LZ4F_compressEnd(context_.get(), out, size, nullptr));
      buffered_ = 0;
      step.done = true;
    }
    return step;
  }

 private:
  LZ4F_preferences_t preferences_;
  std::size_t block_size_;
  std::size_t least_room_;
  std::unique_ptr<LZ4F_cctx, Free> context_;
  std::size_t buffered_ = 0;  // by the library, of the block that has begun
  bool begun_ = false;
};

class Lz4Decoder : public Decoder {
 public:
  Lz4Decoder() {
    LZ4F_dctx* context = nullptr;
    checked(LZ4F_createDecompressionContext(&context, LZ4F_VERSION));
    context_.reset(context);
  }

  [[nodiscard]] const char* name() const noexcept override { return "lz4"; }

  Step decode(ByteSpan bytes, MutableByteSpan room) override {
    Step step{bytes.size(), room.size(), false, nullptr};
    const std::size_t result = LZ4F_decompress(context_.get(), room.data(), &step.made,
                                               bytes.data(), &step.taken, nullptr);
    step.ended = result == 0;
    if (LZ4F_isError(result) != 0) {
      // The counts are then as they were given.
      const char* const name = LZ4F_getErrorName(result);
      if (name == kNoMemory) throw std::bad_alloc();
      step = {0, 0, false, name};
    }
    return step;
  }

  void restart() override { LZ4F_resetDecompressionContext(context_.get()); }

 private:
  std::unique_ptr<LZ4F_dctx, Free> context_;
};

}  // namespace

Lz4Writer::Lz4Writer(StreamHandle inner, const Lz4Options& options)
    : EncodingStream(std::move(inner), std::make_unique<Lz4Encoder>(options)) {}

Lz4Reader::Lz4Reader(StreamHandle inner, const DecodingOptions& options)
    : DecodingStream(std::move(inner), std::make_unique<Lz4Decoder>(), options) {}

}  // namespace quire
