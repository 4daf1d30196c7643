// Any bytes through the decompressing streams: what comes out does not depend on the pieces, never is
// more than the limit, and what is refused is refused with an error that says so.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "quire/adapters/lz4.h"
#include "quire/adapters/zlib.h"
#include "quire/adapters/zstd.h"
#include "quire/bytes_io.h"
#include "support/fuzz_choices.h"
#include "support/piecewise_stream.h"

namespace {

using quire::ByteSpan;
using quire::DecodingStream;
using quire::StreamHandle;
using quire::test::FuzzChoices;

constexpr std::size_t kFormats = 5;

void require(bool holds) {
  if (!holds) std::abort();
}

std::unique_ptr<DecodingStream> reader(std::size_t format, StreamHandle inner,
                                       const quire::DecodingOptions& options) {
  switch (format) {
    case 0:
      return std::make_unique<quire::GzipReader>(std::move(inner), options);
    case 1:
      return std::make_unique<quire::ZlibReader>(std::move(inner), options);
    case 2:
      return std::make_unique<quire::DeflateReader>(std::move(inner), options);
    case 3:
      return std::make_unique<quire::ZstdReader>(std::move(inner), options);
    default:
      return std::make_unique<quire::Lz4Reader>(std::move(inner), options);
  }
}

struct Outcome {
  std::string data;
  std::string error;  // empty: the end was reached
};

Outcome read_all(DecodingStream& stream, std::size_t piece) {
  Outcome outcome;
  const std::size_t start = stream.tell();
  std::string room(piece, '\0');
  try {
    while (const std::size_t count = stream.readinto(room)) outcome.data.append(room, 0, count);
  } catch (const quire::DataError& error) {
    outcome.error = error.what();
  } catch (const std::length_error& error) {
    outcome.error = error.what();
  }
  require(stream.tell() == start + outcome.data.size());
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzChoices choices({data, size});
  const std::size_t format = choices.below(kFormats);
  const std::size_t limit = choices.below(2) == 0 ? std::size_t{1} << 18 : choices.below(1 << 16);
  const bool only_first = choices.below(2) == 0;
  const std::size_t room = 1 + choices.below(5000);
  const std::size_t most_a_call = 1 + choices.below(256);
  const std::size_t to = choices.below(1 << 16);
  std::string bytes;
  while (!choices.exhausted()) bytes += static_cast<char>(choices.below(256));

  quire::BytesIO whole{ByteSpan(bytes)};
  const auto first = reader(format, whole, {.limit = limit, .only_first = only_first});
  const Outcome expected = read_all(*first, std::size_t{1} << 18);
  require(expected.data.size() <= limit);

  quire::test::PiecewiseStream pieces(bytes, most_a_call);
  const auto second = reader(format, pieces, {.limit = limit, .only_first = only_first});
  const Outcome other = read_all(*second, room);
  require(expected.error.empty() == other.error.empty());
  const std::size_t common = std::min(expected.data.size(), other.data.size());
  require(expected.data.compare(0, common, other.data, 0, common) == 0);
  require(!expected.error.empty() || expected.data.size() == other.data.size());
  if (expected.error.empty()) {
    require(first->unused().empty());
    const std::size_t reached = first->seek(static_cast<std::ptrdiff_t>(to));
    require(reached == std::min(to, expected.data.size()));
    require(read_all(*first, room).data == expected.data.substr(reached));
  }
  return 0;
}
