// Checksums and hashes of what passes through a stream: CRC-32, XXH3, SHA-256.
//
//     HashStream<Sha256> out(FileIO("backup.tar", "w"));
//     copyfileobj(source, out);
//     std::cout << out.hash().hexdigest();
//
// A hash has the vocabulary of Python's hashlib. Link quire::hash, which stands on zlib, libxxhash and
// libcrypto; this header names none of them, and any class that fits the concept Hash will do.
//
// Lifetime: hashes are values. Thread: as ever: const operations at once, a mutation by itself.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "quire/byte_span.h"
#include "quire/bytes.h"
#include "quire/bytes_io.h"
#include "quire/detail/export.h"
#include "quire/filter_stream.h"
#include "quire/slice.h"

namespace quire {

/// What hashes: takes bytes in any pieces, and says at any time what they come to. What it allocates,
/// it does at the first update(), be that empty.
template <class H>
concept Hash = std::copyable<H> && std::is_nothrow_default_constructible_v<H> &&
    std::is_nothrow_move_assignable_v<H> && requires(H hash, const H& done, ByteSpan data) {
  hash.update(data);
  { done.digest() } -> std::same_as<Bytes>;
  { H::digest_of(data) } -> std::same_as<Bytes>;
};

namespace detail {

/// What hashes have in common. Given: update() and digest().
template <class Derived>
class HashMethods {
 public:
  /// The digest as hexadecimal digits.
  [[nodiscard]] std::string hexdigest() const {
    return static_cast<const Derived&>(*this).digest().hex();
  }

  /// That of `data` alone.
  [[nodiscard]] static Bytes digest_of(ByteSpan data) {
    Derived hash;
    hash.update(data);
    return hash.digest();
  }
};

}  // namespace detail

/// CRC-32 as in gzip, zip and PNG: against accidents, not against people.
class QUIRE_API Crc32 : public detail::HashMethods<Crc32> {
 public:
  static constexpr std::size_t digest_size = 4;

  /// Cost: no copy.
  void update(ByteSpan data) noexcept;

  [[nodiscard]] std::uint32_t value() const noexcept { return value_; }

  /// The value, its highest byte first.
  [[nodiscard]] Bytes digest() const;

 private:
  std::uint32_t value_ = 0;
};

/// XXH3, 64 bits: the fastest, against accidents.
class QUIRE_API Xxh3 : public detail::HashMethods<Xxh3> {
 public:
  static constexpr std::size_t digest_size = 8;

  Xxh3() noexcept;
  Xxh3(const Xxh3& other);
  Xxh3& operator=(const Xxh3& other);
  Xxh3(Xxh3&& other) noexcept;
  Xxh3& operator=(Xxh3&& other) noexcept;
  ~Xxh3();

  /// Cost:   no copy; the first one allocates.
  /// Errors: std::bad_alloc.
  void update(ByteSpan data);

  [[nodiscard]] std::uint64_t value() const noexcept;

  /// The value, its highest byte first.
  [[nodiscard]] Bytes digest() const;

 private:
  struct State;
  // Null before the first update().
  std::unique_ptr<State> state_;
};

/// SHA-256: also against people, where they cannot change the digest.
class QUIRE_API Sha256 : public detail::HashMethods<Sha256> {
 public:
  static constexpr std::size_t digest_size = 32;

  Sha256() noexcept;
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other);
  Sha256(Sha256&& other) noexcept;
  Sha256& operator=(Sha256&& other) noexcept;
  ~Sha256();

  /// Cost:   no copy; the first one allocates.
  /// Errors: std::bad_alloc; UnsupportedOperation where libcrypto refuses SHA-256.
  void update(ByteSpan data);

  /// Errors: as update().
  [[nodiscard]] Bytes digest() const;

 private:
  struct State;
  // Null before the first update().
  std::unique_ptr<State> state_;
};

/// Passes bytes on as they are, and hashes those that were read or written through it. It cannot
/// seek: the hash is of one sequence.
template <Hash H>
class HashStream : public FilterStream {
 public:
  explicit HashStream(StreamHandle inner) : FilterStream(std::move(inner)) {}

  using FilterStream::read;
  using FilterStream::write;

  /// Cost: as that of the inner stream, like the next two: where it shares memory, so does this.
  [[nodiscard]] Bytes read(std::ptrdiff_t size = -1) override { return seen(inner().read(size)); }

  [[nodiscard]] Bytes read1(std::ptrdiff_t size = -1) override { return seen(inner().read1(size)); }

  [[nodiscard]] Bytes readline(std::ptrdiff_t size = -1) override {
    return seen(inner().readline(size));
  }

  std::size_t readinto(MutableByteSpan target) override {
    const std::size_t count = inner().readinto(target);
    hash_.update(target.subspan(0, count));
    return count;
  }

  /// Errors: those of the inner stream. What it took before one is then not in the hash; write_some()
  ///         leaves nothing out.
  std::size_t write(ByteSpan data) override {
    const std::size_t count = inner().write(data);
    hash_.update(data.subspan(0, count));
    return count;
  }

  std::size_t write_some(ByteSpan data) override {
    const std::size_t count = inner().write_some(data);
    hash_.update(data.subspan(0, count));
    return count;
  }

  /// Of what has passed so far; also when the stream is closed.
  [[nodiscard]] const H& hash() const noexcept QUIRE_LIFETIMEBOUND { return hash_; }

 private:
  [[nodiscard]] Bytes seen(Bytes data) {
    hash_.update(data);
    return data;
  }

  H hash_;
};

/// A BytesIO that knows when its bytes were changed by anything but its own calls: a write past the end
/// of a buffer, a view in the wrong hands, a bit that flipped.
///
/// Through a reference to BytesIO, `write` and `truncate` are its own calls; `writelines`, `write_at`,
/// `resize`, `clear` and as_writable_path() count as a change from outside.
template <Hash H = Crc32>
class VerifiedStream : public BytesIO {
 public:
  VerifiedStream() = default;

  explicit VerifiedStream(Bytes initial) : BytesIO(std::move(initial)) { hash_.update(content()); }

  VerifiedStream(const VerifiedStream&) = delete;
  VerifiedStream& operator=(const VerifiedStream&) = delete;

  VerifiedStream(VerifiedStream&& other) noexcept
      : BytesIO(std::move(other)),
        hash_(std::exchange(other.hash_, H())),
        damaged_(std::exchange(other.damaged_, false)) {}

  VerifiedStream& operator=(VerifiedStream&& other) noexcept {
    BytesIO::operator=(std::move(other));
    hash_ = std::exchange(other.hash_, H());
    damaged_ = std::exchange(other.damaged_, false);
    return *this;
  }

  ~VerifiedStream() override = default;

  using BytesIO::write;

  /// Cost:   at the end, that of hashing `data`; elsewhere all bytes are hashed twice.
  /// Errors: as BytesIO::write().
  std::size_t write(ByteSpan data) override {
    return change(tell(), [&] { return BytesIO::write(data); });
  }

  std::size_t write_at(std::size_t offset, ByteSpan data) {
    return change(offset, [&] { return BytesIO::write_at(offset, data); });
  }

  template <detail::LineRange Lines>
  void writelines(Lines&& lines) {
    check_open();
    for (auto&& line : lines) VerifiedStream::write(ByteSpan(line));
  }

  std::size_t truncate(std::optional<std::size_t> size = std::nullopt) override {
    return change(0, [&] { return BytesIO::truncate(size); });
  }

  void resize(std::size_t size) {
    change(0, [&] {
      BytesIO::resize(size);
      return size;
    });
  }

  /// What was damaged is gone, too.
  void clear() {
    BytesIO::clear();
    hash_ = H();
    damaged_ = false;
  }

  /// Whether the bytes are those that were written. Once they were not, they never are, whatever is
  /// written over them.
  /// Cost:   all bytes are hashed. No copy, but as getvalue() while a view lives.
  /// Errors: ClosedError.
  [[nodiscard]] bool verify() const {
    return !damaged_ && H::digest_of(content()) == hash_.digest();
  }

  /// Of the bytes that were written.
  [[nodiscard]] const H& hash() const noexcept QUIRE_LIFETIMEBOUND { return hash_; }

 private:
  [[nodiscard]] Bytes content() const { return slice(0); }

  /// Does what changes bytes from `offset` on, and keeps the hash true.
  template <class Action>
  std::size_t change(std::size_t offset, Action action) {
    // Now, not when the bytes have changed: what a hash allocates, it does before its first byte.
    H fresh;
    H& next = offset >= size() ? hash_ : fresh;
    next.update(ByteSpan());
    const bool was_damaged = damaged_ || (&next == &fresh && !verify());
    const std::size_t start = &next == &fresh ? 0 : size();
    const std::size_t result = action();
    damaged_ = was_damaged;
    // From the stream: what was written may have lain in memory that it has left.
    next.update(slice(start));
    if (&next == &fresh) hash_ = std::move(fresh);
    return result;
  }

  H hash_;
  bool damaged_ = false;
};

}  // namespace quire
