// A box for a file that only its password opens: compressed by Zstandard, encrypted by libsodium, all of
// it by streams on each other.
//
//     secret_box seal letter.txt letter.box     the password is in $SECRET_BOX_PASSWORD
//     secret_box open letter.box letter.txt
//     secret_box                                shows on a photograph what is refused
//
// A box is a word by which to know it, the salt of the password, and what the streams make of the file.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "quire/adapters/sodium.h"
#include "quire/adapters/zstd.h"
#include "quire/quire.h"

using namespace quire;

namespace {

constexpr std::string_view kWord = "secret box 1\n";

// What a box may hold: a small one could hold zeros without end.
constexpr std::size_t kMost = std::size_t{1} << 32;

/// One file's key, and the salt that it was made with.
struct Lock {
  Bytes salt;
  SecretKey key;
};

Lock lock_of(const std::string& password, const Bytes& salt) {
  return {salt, SecretKey::from_password(password, salt)};
}

void seal(Stream& source, Stream& box, const Lock& lock) {
  box.write(kWord);
  box.write(lock.salt);
  // The box is borrowed and stays open; the streams in between are owned by the one above.
  ZstdWriter out(SecretWriter(box, lock.key));
  copyfileobj(source, out);
  out.close();
}

/// The salt of a box; its stream then stands where the secret begins.
Bytes salt_of(Stream& box) {
  const auto size = static_cast<std::ptrdiff_t>(kWord.size());
  if (box.read(size) != ByteSpan(kWord)) throw DataError("this is not a secret box", 0);
  Bytes salt = box.read(SecretKey::salt_size);
  if (salt.size() != SecretKey::salt_size)
    throw TruncatedError("the box has no salt", kWord.size());
  return salt;
}

/// Whole or not at all: what was changed behind its first half must not leave that behind.
SpooledIO open(Stream& box, const SecretKey& key) {
  ZstdReader in(SecretReader(box, key), {.limit = kMost});
  SpooledIO whole({.max_size = std::size_t{64} << 20});
  copyfileobj(in, whole);
  whole.seek(0);
  return whole;
}

/// Why the box is refused; "" when it opens.
std::string refused(const Bytes& box, const SecretKey& key) {
  BytesIO stream(box);
  try {
    static_cast<void>(salt_of(stream));
    open(stream, key);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

int show() {
  FileIO photograph(QUIRE_SOURCE_DIR "/examples/data/grace_hopper.jpg");
  const Bytes data = photograph.read();
  const Lock lock = lock_of("correct horse battery staple", SecretKey::new_salt());

  BytesIO source(data);
  BytesIO box;
  seal(source, box, lock);
  std::cout << "sealed: " << data.size() << " bytes, in the box " << box.size() << '\n';

  box.seek(0);
  const Lock again = lock_of("correct horse battery staple", salt_of(box));
  const bool same = open(box, again.key).getvalue() == data;
  std::cout << "opened: " << (same ? "the same bytes" : "other bytes") << '\n';

  const Bytes good = box.getvalue();
  const Lock other = lock_of("correct horse battery stable", lock.salt);
  const bool opens = refused(good, other.key).empty();
  std::cout << "another password: " << (opens ? "opened" : "refused") << '\n';

  const std::size_t secret = kWord.size() + SecretKey::salt_size;
  std::size_t tried = 0;
  std::size_t changed = 0;
  std::size_t cut = 0;
  for (std::size_t at = secret; at < good.size(); at += 499, ++tried) {
    BytesIO copy(good);
    copy.getbuffer()[at] ^= std::byte{1};
    changed += refused(copy.getvalue(), lock.key).empty() ? 0 : 1;
    cut += refused(good.slice(0, static_cast<std::ptrdiff_t>(at)), lock.key).empty() ? 0 : 1;
  }
  std::cout << "one bit changed: " << (changed == tried ? "refused" : "opened")
            << " at every place\n"
            << "cut: " << (cut == tried ? "refused" : "opened") << " at every place\n"
            << "a byte more: " << refused(good + "x"_b, lock.key).substr(0, 46) << '\n';
  return changed == tried && cut == tried ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 1) return show();
    const std::string verb = argv[1];
    const char* const password = std::getenv("SECRET_BOX_PASSWORD");
    if (argc != 4 || password == nullptr || (verb != "seal" && verb != "open")) {
      std::cerr << "usage: SECRET_BOX_PASSWORD=... secret_box seal|open FROM TO\n";
      return 2;
    }
    FileIO from(argv[2]);
    if (verb == "seal") {
      FileIO to(argv[3], "x");  // never over a file that is there
      seal(from, to, lock_of(password, SecretKey::new_salt()));
      to.close();
    } else {
      SpooledIO whole = open(from, lock_of(password, salt_of(from)).key);
      FileIO to(argv[3], "x");
      copyfileobj(whole, to);
      to.close();
    }
  } catch (const std::exception& error) {
    std::cerr << "secret_box: " << error.what() << '\n';
    return 1;
  }
}
