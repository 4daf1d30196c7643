#include "quire/adapters/zstd.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include <zstd.h>
#include <zstd_errors.h>

#include "quire/detail/endian.h"
#include "quire/error.h"

namespace quire {

namespace {

/// Errors: std::bad_alloc; std::invalid_argument for the rest: the encoder refuses nothing but options.
std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result) == 0) return result;
  if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation) throw std::bad_alloc();
  detail::throw_invalid(std::string("zstd: ") + ZSTD_getErrorName(result));
}

/// libzstd's own choice where it needs a window.
constexpr std::uint64_t kMostWindow = (std::uint64_t{1} << 27) + 1;

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

/// The memory that a frame wants for what it refers back to, as its first bytes say. 0 where these are
/// too few to tell, or no frame's.
std::uint64_t window_of(ByteSpan frame) {
  constexpr std::size_t kDescriptor = 4;
  constexpr unsigned kSingleSegment = 0x20;
  constexpr std::size_t kDictionaryIdSizes[] = {0, 1, 2, 4};
  if (frame.size() <= kDescriptor + 1 ||
      detail::load<std::uint32_t>(frame.data(), std::endian::little) != ZSTD_MAGICNUMBER) {
    return 0;
  }
  const auto descriptor = std::to_integer<unsigned>(frame[kDescriptor]);
  if ((descriptor & kSingleSegment) == 0) {
    const auto window = std::to_integer<unsigned>(frame[kDescriptor + 1]);
    const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3));
    return base + base / 8 * (window & 7);
  }
  // All of the content, whose size is only in 4 or 8 bytes large enough to matter.
  const std::size_t at = kDescriptor + 1 + kDictionaryIdSizes[descriptor & 3];
  const unsigned size = descriptor >> 6;
  if (size < 2 || frame.size() < at + (std::size_t{1} << size)) return 0;
  return size == 2 ? detail::load<std::uint32_t>(frame.data() + at, std::endian::little)
                   : detail::load<std::uint64_t>(frame.data() + at, std::endian::little);
}

/// Whether that may begin a frame, or one to skip. Those of formats before 1.0, which libzstd may be built
/// to take, it decodes by pieces otherwise than at once.
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
    // A frame that is all at hand libzstd decodes without a window, and would take one of any size.
    // Whether it is at hand is not for it to decide.
    if (begun_ == 0 && window_of(bytes) > kMostWindow) {
      return {0, 0, false, ZSTD_getErrorString(ZSTD_error_frameParameter_windowTooLarge)};
    }
    // The magic number byte by byte: a frame that it sees whole it checks otherwise than one in pieces, and
    // what begins with a wrong byte it may take for an older format that begins behind it.
    const std::size_t most = begun_ < sizeof(std::uint32_t) ? 1 : bytes.size();
    ZSTD_inBuffer in{bytes.data(), std::min(bytes.size(), most), 0};
    ZSTD_outBuffer out{room.data(), room.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    begun_ += in.pos;
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
  }

 private:
  std::size_t begun_ = 0;  // bytes of a frame that libzstd has
  std::unique_ptr<ZSTD_DCtx, Free> context_ = owned(ZSTD_createDCtx());
};

}  // namespace

ZstdWriter::ZstdWriter(StreamHandle inner, const ZstdOptions& options)
    : EncodingStream(std::move(inner), std::make_unique<ZstdEncoder>(options)) {}

ZstdReader::ZstdReader(StreamHandle inner, const DecodingOptions& options)
    : DecodingStream(std::move(inner), std::make_unique<ZstdDecoder>(), options) {}

}  // namespace quire
