// Streams that nobody can read or change without the key: libsodium's secretstream, which is
// XChaCha20-Poly1305.
//
//     const SecretKey key = SecretKey::from_password(password, salt);
//     SecretWriter out(FileIO("box", "w"), key);
//     out.write(letter);
//     out.close();
//
//     SecretReader in(FileIO("box"), key);
//     const Bytes letter = in.read();  // DataError unless all of it is what was written
//
// What was changed, cut, moved, added or made with another key is a DataError, a TruncatedError where
// the end is missing. Nothing is handed out before it is known to be genuine; but a stream is known to
// be whole only at its end: do not act on the first half of a letter.
//
// The bytes are the header of secretstream, 24 of them, and messages, each behind its length in 4 bytes,
// lowest first, which are the message's additional data. A message holds up to 64 KiB of data; the last
// one bears the tag FINAL. Lengths are not secret: compressing before shows something of what was
// written. Link quire::sodium.
//
// Lifetime: streams have the key in a place of their own, so the SecretKey may go. Thread: as with every
// stream; one SecretKey may be used by any number of threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/coding_stream.h"
#include "quire/detail/export.h"
#include "quire/stream.h"

namespace quire {

/// How long it takes to try one password, in libsodium's words. A key of one is not that of another.
enum class PasswordCost {
  Interactive,  ///< 64 MiB of memory, a tenth of a second or so
  Moderate,     ///< 256 MiB
  Sensitive,    ///< 1 GiB
};

/// 32 bytes that only who may read has. They lie in memory between pages that nobody may touch, are kept
/// out of the swap and core files where the system allows it, and are overwritten when the key goes.
class QUIRE_API SecretKey {
 public:
  static constexpr std::size_t size = 32;
  static constexpr std::size_t salt_size = 16;

  /// A new one by chance.
  [[nodiscard]] static SecretKey generate();

  /// From a place where a key was kept, which the caller overwrites.
  /// Errors: std::invalid_argument unless `bytes` are `size`; std::bad_alloc.
  explicit SecretKey(ByteSpan bytes);

  /// By Argon2id. The same password, salt and cost make the same key.
  /// Cost:   what `cost` says, on purpose.
  /// Errors: std::invalid_argument unless `salt` is `salt_size` bytes; std::bad_alloc.
  [[nodiscard]] static SecretKey from_password(std::string_view password, ByteSpan salt,
                                               PasswordCost cost = PasswordCost::Interactive);

  /// By chance. It is not secret, and goes with what is encrypted.
  [[nodiscard]] static Bytes new_salt();

  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  SecretKey(SecretKey&& other) noexcept = default;
  SecretKey& operator=(SecretKey&& other) noexcept = default;
  ~SecretKey() = default;

  /// The bytes themselves, to be kept somewhere.
  /// Lifetime: of the key.
  /// REQUIRES: the key was not moved from
  [[nodiscard]] ByteSpan bytes() const noexcept QUIRE_LIFETIMEBOUND { return {bytes_.get(), size}; }

 private:
  struct Wipe {
    QUIRE_API void operator()(std::byte* bytes) const noexcept;
  };

  SecretKey();

  std::unique_ptr<std::byte[], Wipe> bytes_;
};

/// Encrypts what is written. flush() ends a message, so that all of it can be read.
class QUIRE_API SecretWriter : public EncodingStream {
 public:
  /// Errors: std::bad_alloc.
  SecretWriter(StreamHandle inner, const SecretKey& key);
};

/// Decrypts what is read. Bytes behind the end are a DataError as well.
class QUIRE_API SecretReader : public DecodingStream {
 public:
  /// Errors: std::bad_alloc.
  SecretReader(StreamHandle inner, const SecretKey& key, const DecodingOptions& options = {});
};

}  // namespace quire
