#include "quire/adapters/zstd.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <zstd.h>
#include <zstd_errors.h>

#include "quire/error.h"

namespace quire {

namespace {

/// Errors: std::bad_alloc; std::invalid_argument for the rest: the encoder refuses nothing but options.
std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result) == 0) return result;
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  detail::throw_invalid(std::string("zstd: ") + ZSTD_getErrorName(result));
}

/// The longest header of a frame: ZSTD_FRAMEHEADERSIZE_MAX, which only a static libzstd names.
constexpr std::size_t kMostOfHeader = 18;

struct Free {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }

  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

template <class Context>
std::unique_ptr<Context, Free> owned(Context* context) {
  if (context == nullptr) throw std::bad_alloc();
  return std::unique_ptr<Context, Free>(context);
}

class ZstdEncoder : public Encoder {
 public:
  explicit ZstdEncoder(const ZstdOptions& options) : context_(owned(ZSTD_createCCtx())) {
    // zstd itself would take the nearest one that there is.
    if (options.level < ZSTD_minCLevel() || options.level > ZSTD_maxCLevel()) {
      detail::throw_invalid("zstd level " + std::to_string(options.level) + " is not in [" +
                            std::to_string(ZSTD_minCLevel()) + ", " +
                            std::to_string(ZSTD_maxCLevel()) + "]");
    }
    checked(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, options.level));
    checked(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, options.checksum ? 1 : 0));
  }

  Step encode(ByteSpan data, MutableByteSpan room, Goal goal) override {
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const ZSTD_EndDirective how = goal == Goal::Go      ? ZSTD_e_continue
                                  : goal == Goal::Flush ? ZSTD_e_flush
                                                        : ZSTD_e_end;
    const std::size_t left = checked(ZSTD_compressStream2(context_.get(), &out, &in, how));
    return {in.pos, out.pos, left == 0};
  }

 private:
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

/// Whether a frame, or one to skip, may begin so. libzstd tells with the second byte.
bool begins_frame(std::byte first) {
  const auto value = std::to_integer<unsigned>(first);
  return value == (ZSTD_MAGICNUMBER & 0xFF) ||
         (value & 0xF0) == (ZSTD_MAGIC_SKIPPABLE_START & 0xF0);
}

class ZstdDecoder : public Decoder {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "zstd"; }

  Step decode(ByteSpan bytes, MutableByteSpan room) override {
    if (begun_ == 0 && !bytes.empty() && !begins_frame(bytes[0])) {
      return {0, 0, false, ZSTD_getErrorString(ZSTD_error_prefix_unknown)};
    }
    // libzstd takes being given nothing, when it has nothing left to give, for an error after some times.
    if (bytes.empty() && !has_more_) return {};
    // The header byte by byte: a frame that libzstd sees whole it takes with any window and checks otherwise
    // than one in pieces, and what has a wrong beginning it may take for an older format that begins later.
    const std::size_t most = begun_ < kMostOfHeader ? 1 : bytes.size();
    ZSTD_inBuffer in{bytes.data(), std::min(bytes.size(), most), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    begun_ += in.pos;
    has_more_ = out.pos == out.size;
    Step step{in.pos, out.pos, result == 0, nullptr};
    if (ZSTD_isError(result) != 0) {
      if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
      step.wrong = ZSTD_getErrorName(result);
    }
    return step;
  }

  void restart() override {
    ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only);
    begun_ = 0;
    has_more_ = false;
  }

 private:
  std::size_t begun_ = 0;  // bytes of a frame that libzstd has
  bool has_more_ = false;  // data that did not fit
  std::unique_ptr<ZSTD_DCtx, Free> context_ = owned(ZSTD_createDCtx());
};

}  // namespace

ZstdWriter::ZstdWriter(StreamHandle inner, const ZstdOptions& options)
    : EncodingStream(std::move(inner), std::make_unique<ZstdEncoder>(options)) {}

ZstdReader::ZstdReader(StreamHandle inner, const DecodingOptions& options)
    : DecodingStream(std::move(inner), std::make_unique<ZstdDecoder>(), options) {}

}  // namespace quire
