// Any bytes, and any change to genuine ones, through the decrypting stream: nothing comes out but what
// was written, from its beginning, and all of it only when nothing was changed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "quire/adapters/sodium.h"
#include "quire/bytes_io.h"
#include "support/fuzz_choices.h"
#include "support/piecewise_stream.h"

namespace {

using quire::ByteSpan;
using quire::test::FuzzChoices;

void require(bool holds) {
  if (!holds) std::abort();
}

const quire::SecretKey& key() {
  static const quire::SecretKey key(std::string(quire::SecretKey::size, 'k'));
  return key;
}

/// Whether the end was reached; what was handed out before is in `data`.
bool decrypt(const std::string& bytes, std::size_t most_a_call, std::size_t piece,
             std::string& data) {
  quire::test::PiecewiseStream source(bytes, most_a_call);
  quire::SecretReader stream(source, key());
  std::string room(piece, '\0');
  try {
    while (const std::size_t count = stream.readinto(room)) data.append(room, 0, count);
    return true;
  } catch (const quire::DataError&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  FuzzChoices choices({input, size});
  const std::size_t most_a_call = 1 + choices.below(200'000);
  const std::size_t piece = 1 + choices.below(100'000);
  std::string genuine;
  std::string written;
  const bool raw = choices.below(4) == 0;
  if (!raw) {
    quire::BytesIO target;
    quire::SecretWriter out(target, key());
    for (std::size_t parts = choices.below(6); parts != 0; --parts) {
      const std::string part(choices.below(70'000), static_cast<char>('a' + parts));
      out.write(part);
      written += part;
      if (choices.below(2) == 0) out.flush();
    }
    out.close();
    genuine = target.getvalue().span().as_chars();
  }
  std::string bytes = genuine;
  while (!choices.exhausted()) {
    const std::size_t at = choices.below(bytes.size() + 1);
    switch (raw ? 0 : choices.below(4)) {
      case 0:
        bytes.insert(at, 1, static_cast<char>(choices.below(256)));
        break;
      case 1:
        bytes.erase(at, choices.below(70'000));
        break;
      case 2:
        if (at < bytes.size()) bytes[at] = static_cast<char>(choices.below(256));
        break;
      default:
        bytes.insert(at, bytes.substr(choices.below(bytes.size() + 1), choices.below(70'000)));
        break;
    }
    if (bytes.size() > 1'000'000) break;
  }
  std::string data;
  const bool whole = decrypt(bytes, most_a_call, piece, data);
  require(whole == (!raw && bytes == genuine));
  require(written.compare(0, data.size(), data) == 0);
  require(!whole || data == written);
  return 0;
}
