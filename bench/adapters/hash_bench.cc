// Hashing what is copied from one stream to another, beside the ordinary way: a loop that reads into a
// buffer, hashes and writes.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/hash.h"
#include "quire/bytes_io.h"
#include "quire/ledger.h"

namespace {

using namespace bench;

constexpr std::size_t kPiece = 64 * kKiB;

const quire::Bytes& data() {
  static const quire::Bytes data(random_text(scaled(64 * kMiB)));
  return data;
}

/// `hash_all()` hashes the data once and returns the digest.
template <class H, class Action>
void hash_row(const std::string& workload, std::string_view peer, Action hash_all) {
  long_row("hash/" + workload, peer, [=](benchmark::State& state) {
    const quire::Bytes expected = H::digest_of(data());
    std::uint64_t copied = 0;
    const Moved moved(state);
    for (auto _ : state) {
      const quire::Ledger before = quire::thread_ledger();
      if (hash_all() != expected) state.SkipWithError("another digest");
      copied = (quire::thread_ledger() - before).copied_total();
    }
    state.counters["copied_bytes"] = static_cast<double>(copied);
    count_bytes(state, data().size());
  });
}

template <class H>
void rows(const std::string& name) {
  const std::string workload = "read and " + name;
  hash_row<H>(workload, "quire", [] {
    quire::BytesIO source(data());
    quire::HashStream<H> stream(source);
    while (!stream.read(static_cast<std::ptrdiff_t>(kPiece)).empty()) {
    }
    return stream.hash().digest();
  });
  hash_row<H>(workload, "a buffer", [] {
    quire::BytesIO source(data());
    std::vector<char> buffer(kPiece);
    H hash;
    while (const std::size_t count = source.readinto(buffer)) {
      hash.update(quire::ByteSpan(buffer).subspan(0, count));
    }
    return hash.digest();
  });
  hash_row<H>(workload, "the library alone", [] { return H::digest_of(data()); });
}

}  // namespace

int main(int argc, char** argv) {
  rows<quire::Crc32>("crc32");
  rows<quire::Xxh3>("xxh3");
  rows<quire::Sha256>("sha256");
  return run(argc, argv);
}
