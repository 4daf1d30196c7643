#include "quire/adapters/hash.h"

#include <new>

#include <openssl/evp.h>
#include <xxhash.h>
#include <zlib.h>

#include "quire/error.h"

namespace quire {

namespace {

/// A number as digests are written: its highest byte first.
template <class T>
Bytes big_endian(T value) {
  std::byte bytes[sizeof(T)];
  detail::store<T>(bytes, value, std::endian::big);
  return Bytes(ByteSpan(bytes));
}

/// What a C library allocates and frees.
template <class T, T* (*make)(), auto free>
class Owned {
 public:
  Owned() : object_(make()) {
    if (object_ == nullptr) throw std::bad_alloc();
  }

  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;

  ~Owned() { free(object_); }

  [[nodiscard]] T* get() const noexcept { return object_; }

 private:
  T* object_;
};

/// Errors: UnsupportedOperation when libcrypto says no.
void check(int result) {
  if (result != 1) detail::throw_unsupported("SHA-256");
}

}  // namespace

// --- CRC-32 --------------------------------------------------------------------------------------

void Crc32::update(ByteSpan data) noexcept {
  // Without data zlib would give its initial value instead.
  if (data.empty()) return;
  value_ = static_cast<std::uint32_t>(
      crc32_z(value_, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

Bytes Crc32::digest() const {
  return big_endian(value_);
}

// --- XXH3 ----------------------------------------------------------------------------------------

struct Xxh3::State : Owned<XXH3_state_t, XXH3_createState, XXH3_freeState> {
  State() { XXH3_64bits_reset(get()); }

  State(const State& other) : Owned() { XXH3_copyState(get(), other.get()); }
};

Xxh3::Xxh3() noexcept = default;
Xxh3::Xxh3(Xxh3&&) noexcept = default;
Xxh3& Xxh3::operator=(Xxh3&&) noexcept = default;
Xxh3::~Xxh3() = default;

Xxh3::Xxh3(const Xxh3& other)
    : state_(other.state_ ? std::make_unique<State>(*other.state_) : nullptr) {}

Xxh3& Xxh3::operator=(const Xxh3& other) {
  return *this = Xxh3(other);
}

void Xxh3::update(ByteSpan data) {
  if (!state_) state_ = std::make_unique<State>();
  if (!data.empty()) XXH3_64bits_update(state_->get(), data.data(), data.size());
}

std::uint64_t Xxh3::value() const noexcept {
  return state_ ? XXH3_64bits_digest(state_->get()) : XXH3_64bits(nullptr, 0);
}

Bytes Xxh3::digest() const {
  return big_endian(value());
}

// --- SHA-256 -------------------------------------------------------------------------------------

struct Sha256::State : Owned<EVP_MD_CTX, EVP_MD_CTX_new, EVP_MD_CTX_free> {
  State() { check(EVP_DigestInit_ex(get(), EVP_sha256(), nullptr)); }

  State(const State& other) : Owned() { check(EVP_MD_CTX_copy_ex(get(), other.get())); }
};

Sha256::Sha256() noexcept = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

Sha256::Sha256(const Sha256& other)
    : state_(other.state_ ? std::make_unique<State>(*other.state_) : nullptr) {}

Sha256& Sha256::operator=(const Sha256& other) {
  return *this = Sha256(other);
}

void Sha256::update(ByteSpan data) {
  if (!state_) state_ = std::make_unique<State>();
  check(EVP_DigestUpdate(state_->get(), data.data(), data.size()));
}

Bytes Sha256::digest() const {
  Sha256 copy(*this);
  copy.update(ByteSpan());  // a hash of nothing has no state
  std::byte result[digest_size];
  check(EVP_DigestFinal_ex(copy.state_->get(), reinterpret_cast<unsigned char*>(result), nullptr));
  return Bytes(ByteSpan(result));
}

}  // namespace quire
