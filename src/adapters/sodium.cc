#include "quire/adapters/sodium.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <utility>

#include <sodium.h>

#include "quire/detail/endian.h"
#include "quire/error.h"

namespace quire {

namespace {

using State = crypto_secretstream_xchacha20poly1305_state;

constexpr std::size_t kMessage = std::size_t{64} * 1024;
constexpr std::size_t kHeader = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kLength = 4;
constexpr std::size_t kLongest = kLength + kMessage + kOverhead;

static_assert(SecretKey::size == crypto_secretstream_xchacha20poly1305_KEYBYTES);
static_assert(SecretKey::salt_size == crypto_pwhash_SALTBYTES);

const unsigned char* raw(const std::byte* bytes) {
  return reinterpret_cast<const unsigned char*>(bytes);
}

unsigned char* raw(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

/// Once a process, before anything else of the library.
void initialize() {
  static const int result = sodium_init();
  if (result < 0) detail::throw_unsupported("libsodium cannot be used here");
}

std::byte* allocate(std::size_t size) {
  initialize();
  void* const memory = sodium_malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return static_cast<std::byte*>(memory);
}

/// A T in guarded memory, overwritten when it goes.
template <class T>
class Guarded {
 public:
  static_assert(alignof(T) == 1, "the memory ends at the end of a page, wherever it begins");

  Guarded() : object_(new (allocate(sizeof(T))) T()) {}

  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  ~Guarded() { sodium_free(object_); }

  [[nodiscard]] T* operator->() const noexcept { return object_; }

 private:
  T* object_;
};

/// Plain data on their way. There is too much of them for guarded memory, but they are overwritten.
struct Message {
  ~Message() { sodium_memzero(bytes.data(), bytes.size()); }

  std::array<std::byte, kMessage> bytes;
  std::size_t size = 0;
};

class Encrypter : public Encoder {
 public:
  explicit Encrypter(const SecretKey& key) {
    crypto_secretstream_xchacha20poly1305_init_push(&secret_->state, raw(header_.data()),
                                                    raw(key.bytes().data()));
  }

  [[nodiscard]] std::size_t least_room() const noexcept override { return kHeader + kLongest; }

  Step encode(ByteSpan data, MutableByteSpan room, Goal goal) override {
    Step step;
    if (!begun_) {
      std::memcpy(room.data(), header_.data(), kHeader);
      step.made = kHeader;
      begun_ = true;
    }
    std::byte* const out = room.data() + step.made;
    if (goal != Goal::Go) {
      if (goal == Goal::End || waiting_->size != 0) {
        step.made += push({waiting_->bytes.data(), waiting_->size}, out, goal == Goal::End);
        waiting_->size = 0;
      }
      step.done = true;
    } else if (waiting_->size == 0 && data.size() >= kMessage) {
      step.taken = kMessage;
      step.made += push(data.subspan(0, kMessage), out, false);
    } else {
      step.taken = std::min(data.size(), kMessage - waiting_->size);
      if (step.taken != 0) {
        std::memcpy(waiting_->bytes.data() + waiting_->size, data.data(), step.taken);
      }
      waiting_->size += step.taken;
      if (waiting_->size == kMessage) {
        step.made += push(waiting_->bytes, out, false);
        waiting_->size = 0;
      }
    }
    return step;
  }

 private:
  struct Secret {
    State state;
  };

  /// Puts a message behind its length; returns the size of both.
  std::size_t push(ByteSpan data, std::byte* out, bool last) {
    detail::store<std::uint32_t>(out, static_cast<std::uint32_t>(data.size() + kOverhead),
                                 std::endian::little);
    unsigned long long size = 0;
    crypto_secretstream_xchacha20poly1305_push(
        &secret_->state, raw(out + kLength), &size, raw(data.data()), data.size(), raw(out),
        kLength,
        last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL
             : crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
    return kLength + static_cast<std::size_t>(size);
  }

  Guarded<Secret> secret_;
  std::array<std::byte, kHeader> header_;
  std::unique_ptr<Message> waiting_ = std::make_unique<Message>();
  bool begun_ = false;
};

class Decrypter : public Decoder {
 public:
  explicit Decrypter(const SecretKey& key) {
    std::memcpy(secret_->key.data(), key.bytes().data(), SecretKey::size);
  }

  [[nodiscard]] const char* name() const noexcept override { return "secretstream"; }

  [[nodiscard]] Rest rest() const noexcept override { return Rest::Nothing; }

  Step decode(ByteSpan bytes, MutableByteSpan room) override {
    Step step;
    if (read_ == message_->size && !final_) next(bytes, room, step);
    // Of a message that was not decrypted into the room itself.
    const std::size_t count = std::min(message_->size - read_, room.size() - step.made);
    if (count != 0) std::memcpy(room.data() + step.made, message_->bytes.data() + read_, count);
    read_ += count;
    step.made += count;
    step.ended = final_ && read_ == message_->size;
    return step;
  }

  void restart() override {
    begun_ = final_ = false;
    gathered_ = length_ = 0;
    message_->size = read_ = 0;
  }

 private:
  struct Secret {
    State state;
    std::array<std::byte, SecretKey::size> key;
  };

  /// `count` bytes in one piece, begun by those that were gathered before; null while there are fewer.
  const std::byte* gather(ByteSpan bytes, std::size_t count, std::size_t& taken) {
    const ByteSpan left = bytes.subspan(taken);
    if (gathered_ == 0 && left.size() >= count) {
      taken += count;
      return left.data();
    }
    const std::size_t more = std::min(count - gathered_, left.size());
    if (more != 0) std::memcpy(gathering_.data() + gathered_, left.data(), more);
    taken += more;
    gathered_ += more;
    if (gathered_ != count) return nullptr;
    gathered_ = 0;
    return gathering_.data();
  }

  /// Decrypts the next message, if it is there and genuine: into the room if that holds it, else into
  /// message_.
  void next(ByteSpan bytes, MutableByteSpan room, Step& step) {
    if (!begun_) {
      const std::byte* const header = gather(bytes, kHeader, step.taken);
      if (header == nullptr) return;
      crypto_secretstream_xchacha20poly1305_init_pull(&secret_->state, raw(header),
                                                      raw(secret_->key.data()));
      begun_ = true;
    }
    if (length_ == 0) {
      const std::byte* const length = gather(bytes, kLength, step.taken);
      if (length == nullptr) return;
      std::memcpy(length_bytes_.data(), length, kLength);
      length_ = detail::load<std::uint32_t>(length, std::endian::little);
      if (length_ < kOverhead || length_ > kOverhead + kMessage) {
        step.wrong = "no message has such a length";
        return;
      }
    }
    const std::byte* const encrypted = gather(bytes, length_, step.taken);
    if (encrypted == nullptr) return;
    const std::size_t size = std::exchange(length_, 0) - kOverhead;
    const bool fits = size <= room.size();
    unsigned char tag = 0;
    if (crypto_secretstream_xchacha20poly1305_pull(
            &secret_->state, raw(fits ? room.data() : message_->bytes.data()), nullptr, &tag,
            raw(encrypted), size + kOverhead, raw(length_bytes_.data()), kLength) != 0) {
      step.wrong = "a message is not genuine: changed, moved, or made with another key";
      return;
    }
    final_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    message_->size = fits ? 0 : size;
    read_ = 0;
    step.made = fits ? size : 0;
  }

  Guarded<Secret> secret_;
  std::array<std::byte, kMessage + kOverhead> gathering_;
  std::size_t gathered_ = 0;
  std::array<std::byte, kLength> length_bytes_;
  std::size_t length_ = 0;
  std::unique_ptr<Message> message_ = std::make_unique<Message>();
  std::size_t read_ = 0;
  bool begun_ = false;
  bool final_ = false;
};

}  // namespace

void SecretKey::Wipe::operator()(std::byte* bytes) const noexcept {
  sodium_free(bytes);
}

SecretKey::SecretKey() : bytes_(allocate(size)) {}

SecretKey::SecretKey(ByteSpan bytes) : SecretKey() {
  if (bytes.size() != size) {
    detail::throw_invalid("a key has " + std::to_string(size) + " bytes, not " +
                          std::to_string(bytes.size()));
  }
  std::memcpy(bytes_.get(), bytes.data(), size);
}

SecretKey SecretKey::generate() {
  SecretKey key;
  crypto_secretstream_xchacha20poly1305_keygen(raw(key.bytes_.get()));
  return key;
}

SecretKey SecretKey::from_password(std::string_view password, ByteSpan salt, PasswordCost cost) {
  if (salt.size() != salt_size) {
    detail::throw_invalid("a salt has " + std::to_string(salt_size) + " bytes, not " +
                          std::to_string(salt.size()));
  }
  unsigned long long operations = crypto_pwhash_OPSLIMIT_INTERACTIVE;
  std::size_t memory = crypto_pwhash_MEMLIMIT_INTERACTIVE;
  if (cost == PasswordCost::Moderate) {
    operations = crypto_pwhash_OPSLIMIT_MODERATE;
    memory = crypto_pwhash_MEMLIMIT_MODERATE;
  } else if (cost == PasswordCost::Sensitive) {
    operations = crypto_pwhash_OPSLIMIT_SENSITIVE;
    memory = crypto_pwhash_MEMLIMIT_SENSITIVE;
  }
  SecretKey key;
  if (crypto_pwhash(raw(key.bytes_.get()), size, password.data(), password.size(), raw(salt.data()),
                    operations, memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::bad_alloc();
  }
  return key;
}

Bytes SecretKey::new_salt() {
  initialize();
  std::array<std::byte, salt_size> salt;
  randombytes_buf(salt.data(), salt.size());
  return Bytes(ByteSpan(salt));
}

SecretWriter::SecretWriter(StreamHandle inner, const SecretKey& key)
    : EncodingStream(std::move(inner), std::make_unique<Encrypter>(key)) {}

SecretReader::SecretReader(StreamHandle inner, const SecretKey& key, const DecodingOptions& options)
    : DecodingStream(std::move(inner), std::make_unique<Decrypter>(key), options) {}

}  // namespace quire
