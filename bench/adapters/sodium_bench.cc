// Encryption by streams, beside the loop of libsodium's own example.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <sodium.h>

#include "coding_bench.h"
#include "quire/adapters/sodium.h"

namespace {

using namespace bench;

using State = crypto_secretstream_xchacha20poly1305_state;

constexpr std::size_t kOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;

const quire::SecretKey& key() {
  static const quire::SecretKey key = quire::SecretKey::generate();
  return key;
}

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

unsigned char* raw(char* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

}  // namespace

int main(int argc, char** argv) {
  const quire::Bytes packed = coding_rows(
      "sodium",
      [](quire::BytesIO& target) {
        quire::SecretWriter out(target, key());
        out.write(coding_data());
        out.close();
      },
      [](quire::BytesIO& source) { return quire::SecretReader(source, key()).read().size(); });
  // Without lengths: 64 KiB a message, all but the last one, which is not empty.
  const std::size_t messages = coding_data().size() / kCodingBuffer + 1;
  const std::size_t bare = crypto_secretstream_xchacha20poly1305_HEADERBYTES +
                           coding_data().size() + messages * kOverhead;
  const auto encrypt = [messages] {
    State state;
    std::string header(crypto_secretstream_xchacha20poly1305_HEADERBYTES, '\0');
    crypto_secretstream_xchacha20poly1305_init_push(&state, raw(header.data()),
                                                    raw(key().bytes().data()));
    std::string result = header;
    std::string buffer(kCodingBuffer + kOverhead, '\0');
    for (std::size_t i = 0; i < messages; ++i) {
      const quire::ByteSpan all = coding_data();
      const std::size_t at = i * kCodingBuffer;
      const std::size_t size = std::min(kCodingBuffer, all.size() - at);
      unsigned long long made = 0;
      crypto_secretstream_xchacha20poly1305_push(
          &state, raw(buffer.data()), &made, raw(all.data() + at), size, nullptr, 0,
          i + 1 == messages ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
      result.append(buffer.data(), made);
    }
    return result;
  };
  coding_row("sodium/write 16 MiB", "a buffer", bare, [=] { return encrypt().size(); });
  coding_row("sodium/read 16 MiB", "a buffer", coding_data().size(),
             [bytes = quire::Bytes::adopt(encrypt())] {
               State state;
               crypto_secretstream_xchacha20poly1305_init_pull(&state, raw(bytes.data()),
                                                               raw(key().bytes().data()));
               std::size_t at = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
               return by_a_buffer([&](char* room, std::size_t size) {
                 const std::size_t count = std::min(size + kOverhead, bytes.size() - at);
                 unsigned long long made = 0;
                 if (count != 0) {
                   crypto_secretstream_xchacha20poly1305_pull(&state, raw(room), &made, nullptr,
                                                              raw(bytes.data() + at), count,
                                                              nullptr, 0);
                 }
                 at += count;
                 return static_cast<std::size_t>(made);
               });
             });
  return run(argc, argv);
}
