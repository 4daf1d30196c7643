#include "quire/adapters/zlib.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <string>
#include <utility>

// As its ways in and out are: without it zlib's own pointers would be to what may be written.
#define ZLIB_CONST
#include <zlib.h>

#include "quire/error.h"

namespace quire {

namespace {

/// What surrounds the deflated data, in zlib's numbers: the window's bits, and what is added to them.
enum class Format { Raw = -15, Zlib = 15, Gzip = 15 + 16 };

/// zlib counts in unsigned int.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;

uInt most(std::size_t size) {
  return static_cast<uInt>(std::min(size, kMostAtOnce));
}

/// zlib's view of the two sides for one call, and what the call has moved.
class Call {
 public:
  Call(z_stream& zlib, ByteSpan in, MutableByteSpan out)
      : zlib_(zlib), in_(most(in.size())), out_(most(out.size())) {
    zlib.next_in = reinterpret_cast<const Bytef*>(in.data());
    zlib.avail_in = in_;
    zlib.next_out = reinterpret_cast<Bytef*>(out.data());
    zlib.avail_out = out_;
  }

  [[nodiscard]] std::size_t taken() const { return in_ - zlib_.avail_in; }

  [[nodiscard]] std::size_t made() const { return out_ - zlib_.avail_out; }

 private:
  z_stream& zlib_;
  uInt in_;
  uInt out_;
};

void check_memory(int result) {
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
}

class Deflater : public Encoder {
 public:
  Deflater(Format format, int level) {
    if (level < 0 || level > 9) {
      detail::throw_invalid("zlib level " + std::to_string(level) + " is not in [0, 9]");
    }
    constexpr int kMemory = 8;  // zlib's own choice
    check_memory(deflateInit2(&zlib_, level, Z_DEFLATED, static_cast<int>(format), kMemory,
                              Z_DEFAULT_STRATEGY));
  }

  ~Deflater() override { deflateEnd(&zlib_); }

  // Less than a flush needs at the end would make it begin that again and again.
  [[nodiscard]] std::size_t least_room() const noexcept override { return 16; }

  Step encode(ByteSpan data, MutableByteSpan room, Goal goal) override {
    const Call call(zlib_, data, room);
    const int how = goal == Goal::Go ? Z_NO_FLUSH : goal == Goal::Flush ? Z_SYNC_FLUSH : Z_FINISH;
    const int result = deflate(&zlib_, how);
    const bool done = goal == Goal::End ? result == Z_STREAM_END : zlib_.avail_out != 0;
    return {call.taken(), call.made(), done};
  }

 private:
  z_stream zlib_{};
};

class Inflater : public Decoder {
 public:
  explicit Inflater(Format format) : format_(format) {
    check_memory(inflateInit2(&zlib_, static_cast<int>(format)));
  }

  ~Inflater() override { inflateEnd(&zlib_); }

  [[nodiscard]] const char* name() const noexcept override {
    return format_ == Format::Gzip ? "gzip" : format_ == Format::Zlib ? "zlib" : "deflate";
  }

  [[nodiscard]] Rest rest() const noexcept override {
    return format_ == Format::Gzip ? Rest::Another : Rest::Foreign;
  }

  [[nodiscard]] std::size_t padding(ByteSpan bytes) const noexcept override {
    const auto* const end =
        std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{}; });
    return static_cast<std::size_t>(end - bytes.begin());
  }

  Step decode(ByteSpan bytes, MutableByteSpan room) override {
    const Call call(zlib_, bytes, room);
    const int result = inflate(&zlib_, Z_NO_FLUSH);
    check_memory(result);
    Step step{call.taken(), call.made(), result == Z_STREAM_END, nullptr};
    if (result == Z_NEED_DICT) {
      step.wrong = "a preset dictionary is needed";
    } else if (result == Z_DATA_ERROR) {
      step.wrong = zlib_.msg != nullptr ? zlib_.msg : "the data are damaged";
    }
    return step;
  }

  void restart() override { inflateReset(&zlib_); }

 private:
  Format format_;
  z_stream zlib_{};
};

}  // namespace

GzipWriter::GzipWriter(StreamHandle inner, int level)
    : EncodingStream(std::move(inner), std::make_unique<Deflater>(Format::Gzip, level)) {}

GzipReader::GzipReader(StreamHandle inner, const DecodingOptions& options)
    : DecodingStream(std::move(inner), std::make_unique<Inflater>(Format::Gzip), options) {}

ZlibWriter::ZlibWriter(StreamHandle inner, int level)
    : EncodingStream(std::move(inner), std::make_unique<Deflater>(Format::Zlib, level)) {}

ZlibReader::ZlibReader(StreamHandle inner, const DecodingOptions& options)
    : DecodingStream(std::move(inner), std::make_unique<Inflater>(Format::Zlib), options) {}

DeflateWriter::DeflateWriter(StreamHandle inner, int level)
    : EncodingStream(std::move(inner), std::make_unique<Deflater>(Format::Raw, level)) {}

DeflateReader::DeflateReader(StreamHandle inner, const DecodingOptions& options)
    : DecodingStream(std::move(inner), std::make_unique<Inflater>(Format::Raw), options) {}

}  // namespace quire
