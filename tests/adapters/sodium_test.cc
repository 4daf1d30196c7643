// Encrypted streams against libsodium itself, and against who changes, cuts and moves their bytes.
#include "quire/adapters/sodium.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include "adapters/support/filter_properties.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::text;

static_assert(!std::is_copy_constructible_v<SecretKey>);
static_assert(std::is_nothrow_move_constructible_v<SecretKey>);

constexpr std::size_t kHeader = crypto_secretstream_xchacha20poly1305_HEADERBYTES;
constexpr std::size_t kOverhead = crypto_secretstream_xchacha20poly1305_ABYTES;
constexpr std::size_t kMessage = 65536;
constexpr std::size_t kWhole = 4 + kMessage + kOverhead;

const SecretKey& key() {
  static const SecretKey key(string("0123456789abcdef0123456789abcdef"));
  return key;
}

test::Filter secret() {
  return {
      "secret",
      [](StreamHandle inner) { return std::make_unique<SecretWriter>(std::move(inner), key()); },
      [](StreamHandle inner) { return std::make_unique<SecretReader>(std::move(inner), key()); },
      false};
}

string encrypt(const string& data) {
  return test::encode(secret(), data);
}

/// Why `bytes` are refused, or "".
string refused(const string& bytes, string* data = nullptr) {
  string decoded;
  string message = test::refusal<DataError>(secret(), bytes, &decoded);
  if (data != nullptr) *data = decoded;
  return message;
}

TEST(Secret, KeepsWhatFiltersPromise) {
  test::expect_filter(secret());
  test::expect_cuts_refused<TruncatedError>(secret());
}

TEST(Secret, NoBitCanBeChanged) {
  for (const string& data : {string(), string("a"), pattern(100)}) {
    const string bytes = encrypt(data);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
        EXPECT_NE(refused(changed), "") << at << ' ' << bit;
      }
    }
  }
}

/// The messages of a stream, each with its length.
std::vector<string> messages_of(const string& bytes) {
  std::vector<string> messages;
  for (std::size_t at = kHeader; at < bytes.size();) {
    const auto* const length = reinterpret_cast<const unsigned char*>(bytes.data() + at);
    const std::size_t size = 4 + (length[0] | std::size_t{length[1]} << 8 |
                                  std::size_t{length[2]} << 16 | std::size_t{length[3]} << 24);
    messages.push_back(bytes.substr(at, size));
    at += size;
  }
  return messages;
}

string join(const string& header, const std::vector<string>& messages) {
  string result = header;
  for (const string& message : messages) result += message;
  return result;
}

// Every order of four messages but their own, with one left out, twice or of another stream.
TEST(Secret, NoMessageCanBeMovedDroppedRepeatedOrMixed) {
  const auto make = [] {
    BytesIO target;
    SecretWriter out(target, key());
    for (const char* part : {"one", "two", "three"}) {
      out.write(std::string_view(part));
      out.flush();
    }
    out.close();
    return text(target.getvalue());
  };
  const string bytes = make();
  const string header = bytes.substr(0, kHeader);
  const std::vector<string> messages = messages_of(bytes);
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(refused(join(header, messages)), "");
  std::vector<std::size_t> order = {0, 1, 2, 3};
  while (std::next_permutation(order.begin(), order.end())) {
    std::vector<string> moved;
    for (const std::size_t i : order) moved.push_back(messages[i]);
    EXPECT_NE(refused(join(header, moved)), "");
  }
  const std::vector<string> others = messages_of(make());
  for (std::size_t i = 0; i < 4; ++i) {
    std::vector<string> changed = messages;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(refused(join(header, changed)), "") << "without " << i;
    changed = messages;
    changed.insert(changed.begin() + static_cast<std::ptrdiff_t>(i), messages[i]);
    EXPECT_NE(refused(join(header, changed)), "") << "twice " << i;
    changed = messages;
    changed[i] = others[i];
    EXPECT_NE(refused(join(header, changed)), "") << "another's " << i;
  }
  EXPECT_NE(refused(bytes + "x").find("bytes behind the end"), npos);
  EXPECT_NE(refused(bytes + bytes).find("bytes behind the end"), npos);
}

// A cut between messages leaves only genuine ones.
TEST(Secret, ACutBetweenMessagesIsACut) {
  const string bytes = encrypt(pattern(3 * kMessage));
  for (std::size_t count = 0; count <= 3; ++count) {
    const string cut = bytes.substr(0, kHeader + count * kWhole);
    const string message = refused(cut);
    EXPECT_EQ(message, "secretstream: the bytes end before the data do, at byte " +
                           std::to_string(cut.size()));
  }
}

TEST(Secret, HandsOutNothingThatIsNotGenuine) {
  const string data = test::random_bytes(2 * kMessage);
  string bytes = encrypt(data);
  bytes[kHeader + kWhole + 100] ^= 1;  // in the second message
  for (const std::size_t piece : {std::size_t{1000}, kMessage, 2 * kMessage}) {
    BytesIO source{Bytes(bytes)};
    SecretReader in(source, key());
    string room(piece, '\0');
    string result;
    EXPECT_EQ(message_of<DataError>([&] {
                while (const std::size_t count = in.readinto(room)) result.append(room, 0, count);
              }),
              "secretstream: a message is not genuine: changed, moved, or made with another key, "
              "at byte " +
                  std::to_string(kHeader + 2 * kWhole));
    EXPECT_TRUE(result == data.substr(0, kMessage)) << piece;
    EXPECT_EQ(room.find(data.substr(kMessage, 200)), npos) << "not even into the room";
  }
}

TEST(Secret, WantsItsKey) {
  const string bytes = encrypt("letter");
  for (int i = 0; i < 2; ++i) {
    BytesIO source{Bytes(bytes)};
    SecretReader in(source, i == 0 ? SecretKey::generate() : SecretKey(key().bytes()));
    if (i == 0) {
      EXPECT_THROW(static_cast<void>(in.read()), DataError);
    } else {
      EXPECT_EQ(text(in.read()), "letter");
    }
  }
  EXPECT_EQ(encrypt("letter").find("letter"), npos);
  EXPECT_NE(encrypt("letter"), encrypt("letter")) << "never the same twice";
}

TEST(Secret, SeeksAndHasALimit) {
  const string data = pattern(300'000);
  BytesIO source{Bytes(encrypt(data))};
  SecretReader in(source, key(), {.limit = 300'000});
  for (const std::size_t to : {299'999U, 0U, 65'536U, 65'535U, 200'000U}) {
    EXPECT_EQ(in.seek(static_cast<std::ptrdiff_t>(to)), to);
    EXPECT_TRUE(text(in.read(70'000)) == data.substr(to, 70'000)) << to;
  }
  EXPECT_EQ(in.seek(0, Whence::End), data.size());
  source.seek(0);
  SecretReader limited(source, key(), {.limit = 299'999});
  EXPECT_THROW(limited.seek(0, Whence::End), std::length_error);
}

TEST(Secret, FlushMakesAllReadable) {
  BytesIO target;
  SecretWriter out(target, key());
  out.write("so far");
  EXPECT_EQ(target.size(), kHeader);
  out.flush();
  const std::size_t size = target.size();
  EXPECT_EQ(size, kHeader + 4 + 6 + kOverhead);
  out.flush();
  EXPECT_EQ(target.size(), size);
  BytesIO copy = target.reader();
  SecretReader in(copy, key());
  EXPECT_EQ(text(in.read(6)), "so far");
  EXPECT_THROW(static_cast<void>(in.read()), TruncatedError);
}

// --- beside libsodium ----------------------------------------------------------------------------

const unsigned char* raw(const string& bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* raw(string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

TEST(Secret, LibsodiumReadsIt) {
  const string data = pattern(150'000);
  const string bytes = encrypt(data);
  crypto_secretstream_xchacha20poly1305_state state;
  const string key_bytes = text(key().bytes());
  ASSERT_EQ(crypto_secretstream_xchacha20poly1305_init_pull(&state, raw(bytes), raw(key_bytes)), 0);
  string result;
  unsigned char tag = 0;
  for (const string& message : messages_of(bytes)) {
    EXPECT_NE(tag, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
    string part(message.size() - 4 - kOverhead, '\0');
    ASSERT_EQ(crypto_secretstream_xchacha20poly1305_pull(&state, raw(part), nullptr, &tag,
                                                         raw(message) + 4, message.size() - 4,
                                                         raw(message), 4),
              0);
    result += part;
  }
  EXPECT_EQ(tag, crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  EXPECT_TRUE(result == data);
}

// Also messages of sizes that the writer never makes, and a change of the key on the way.
TEST(Secret, ReadsWhatLibsodiumWrites) {
  crypto_secretstream_xchacha20poly1305_state state;
  const string key_bytes = text(key().bytes());
  string bytes(kHeader, '\0');
  crypto_secretstream_xchacha20poly1305_init_push(&state, raw(bytes), raw(key_bytes));
  const auto push = [&](const string& data, unsigned char tag) {
    const std::size_t size = data.size() + kOverhead;
    string message(4 + size, '\0');
    for (unsigned i = 0; i < 4; ++i) message[i] = static_cast<char>(size >> 8 * i);
    crypto_secretstream_xchacha20poly1305_push(&state, raw(message) + 4, nullptr, raw(data),
                                               data.size(), raw(message), 4, tag);
    bytes += message;
  };
  push("one, ", crypto_secretstream_xchacha20poly1305_TAG_MESSAGE);
  push("", crypto_secretstream_xchacha20poly1305_TAG_PUSH);
  push("two, ", crypto_secretstream_xchacha20poly1305_TAG_REKEY);
  push("three", crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  for (const std::size_t most_a_call : {std::size_t{1}, std::size_t{20}, npos}) {
    EXPECT_EQ(test::decode(secret(), bytes, test::Way::Read, 4, most_a_call), "one, two, three");
  }
  push("more", crypto_secretstream_xchacha20poly1305_TAG_FINAL);
  EXPECT_NE(refused(bytes), "");
}

TEST(Secret, RefusesALengthThatNoMessageHas) {
  const string header = encrypt("").substr(0, kHeader);
  for (const string& length : {string(4, '\0'), string("\x10\0\0\0", 4), string("\x12\0\1\0", 4),
                               string("\xff\xff\xff\xff", 4)}) {
    EXPECT_EQ(refused(header + length + string(100, 'x')),
              "secretstream: no message has such a length, at byte 28");
  }
  EXPECT_EQ(refused(header + string("\x11\0\1\0", 4)),
            "secretstream: the bytes end before the data do, at byte 28");
}

// --- keys ----------------------------------------------------------------------------------------

TEST(SecretKey, IsWhatItWasMadeOf) {
  EXPECT_EQ(text(key().bytes()), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(message_of<std::invalid_argument>([] { SecretKey("short"); }),
            "a key has 32 bytes, not 5");
  EXPECT_THROW(SecretKey(string(33, 'x')), std::invalid_argument);
  EXPECT_NE(text(SecretKey::generate().bytes()), text(SecretKey::generate().bytes()));
  SecretKey first(key().bytes());
  const SecretKey second = std::move(first);
  EXPECT_EQ(second.bytes(), key().bytes());
}

TEST(SecretKey, OfAPasswordIsLibsodiumsOwn) {
  const string salt = "0123456789abcdef";
  const SecretKey made = SecretKey::from_password("correct horse", salt);
  string expected(32, '\0');
  ASSERT_EQ(crypto_pwhash(raw(expected), 32, "correct horse", 13, raw(salt),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE,
                          crypto_pwhash_ALG_ARGON2ID13),
            0);
  EXPECT_EQ(text(made.bytes()), expected);
  EXPECT_NE(text(SecretKey::from_password("correct horse", SecretKey::new_salt()).bytes()),
            expected);
  EXPECT_EQ(SecretKey::new_salt().size(), SecretKey::salt_size);
  EXPECT_NE(SecretKey::new_salt(), SecretKey::new_salt());
  EXPECT_EQ(message_of<std::invalid_argument>(
                [] { static_cast<void>(SecretKey::from_password("x", "salt")); }),
            "a salt has 16 bytes, not 4");
}

/// How often `hidden`, whose bits are all turned over here, lies in this process's memory.
std::size_t find_in_memory(const std::array<unsigned char, 32>& hidden) {
  // As system calls: a stream's buffer would be in the memory, too.
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  std::ifstream maps("/proc/self/maps");
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (string line; std::getline(maps, line);) {
    std::istringstream fields(line);
    std::size_t begin = 0;
    std::size_t end = 0;
    char dash = 0;
    string mode;
    fields >> std::hex >> begin >> dash >> end >> mode;
    // What sanitizers reserve for themselves is larger.
    if (mode.substr(0, 2) == "rw" && end - begin < std::size_t{1} << 30) {
      ranges.emplace_back(begin, end);
    }
  }
  std::size_t found = 0;
  std::array<unsigned char, 4096 + 31> piece;
  for (const auto& [begin, end] : ranges) {
    for (std::size_t at = begin; at < end; at += 4096) {
      const ssize_t count =
          ::pread(memory, piece.data(), std::min(piece.size(), end - at), static_cast<off_t>(at));
      const unsigned char* const last = piece.data() + std::max<ssize_t>(count, 31) - 31;
      for (const unsigned char* start = piece.data(); start < last; ++start) {
        const auto left = static_cast<std::size_t>(last - start);
        start = static_cast<const unsigned char*>(std::memchr(start, hidden[0] ^ 0xFF, left));
        if (start == nullptr) break;
        std::size_t same = 0;
        while (same < 32 && (start[same] ^ 0xFFU) == hidden[same]) ++same;
        // Not the copy in which it is looked for.
        const auto where = reinterpret_cast<std::size_t>(piece.data());
        const std::size_t place = at + static_cast<std::size_t>(start - piece.data());
        found += same == 32 && (place + 32 <= where || place >= where + piece.size()) ? 1 : 0;
      }
      sodium_memzero(piece.data(), piece.size());
    }
  }
  ::close(memory);
  return found;
}

std::array<unsigned char, 32> turned_over(const unsigned char* bytes) {
  std::array<unsigned char, 32> result;
  for (std::size_t i = 0; i < 32; ++i) result[i] = static_cast<unsigned char>(~bytes[i]);
  return result;
}

// The key itself, and the one that the stream derives from it and its header.
TEST(SecretKey, IsNowhereInMemoryOnceItIsGone) {
  std::array<unsigned char, 32> key_hidden;
  std::array<unsigned char, 32> derived_hidden;
  {
    const SecretKey made = SecretKey::generate();
    key_hidden = turned_over(reinterpret_cast<const unsigned char*>(made.bytes().data()));
    ASSERT_NE(find_in_memory(key_hidden), 0U) << "it can be found";
    BytesIO target;
    auto out = std::make_unique<SecretWriter>(target, made);
    out->write(pattern(100'000));
    {
      std::array<unsigned char, 32> derived;
      crypto_core_hchacha20(derived.data(),
                            reinterpret_cast<const unsigned char*>(target.getvalue().data()),
                            reinterpret_cast<const unsigned char*>(made.bytes().data()), nullptr);
      derived_hidden = turned_over(derived.data());
      sodium_memzero(derived.data(), derived.size());
    }
    EXPECT_NE(find_in_memory(derived_hidden), 0U) << "while it is written with";
    out->close();
    EXPECT_EQ(find_in_memory(derived_hidden), 0U) << "closed";
    target.seek(0);
    SecretReader in(target, made);
    EXPECT_TRUE(text(in.read(1000)) == pattern(1000));
    EXPECT_NE(find_in_memory(derived_hidden), 0U) << "while it is read with";
    in.close();
    EXPECT_EQ(find_in_memory(derived_hidden), 0U) << "closed";
  }
  EXPECT_EQ(find_in_memory(key_hidden), 0U);
  EXPECT_EQ(find_in_memory(derived_hidden), 0U);
}

}  // namespace
}  // namespace quire
