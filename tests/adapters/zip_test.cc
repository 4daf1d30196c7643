// Archives in streams against libzip on files: what one writes the other reads; members as streams; real
// archives cut and damaged at every place.
#include "quire/adapters/zip.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <zip.h>

#include "quire/adapters/gtest.h"
#include "quire/buffered_io.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "quire/spooled_io.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;

static_assert(std::is_nothrow_move_constructible_v<ZipFile>);
static_assert(std::is_nothrow_move_assignable_v<ZipFile>);
static_assert(std::is_nothrow_move_constructible_v<ZipMember>);
static_assert(std::is_nothrow_move_assignable_v<ZipMember>);

const test::TempDirectory& directory() {
  static const test::TempDirectory directory;
  return directory;
}

Bytes shipped() {
  return Bytes::map_file(QUIRE_SOURCE_DIR "/examples/data/archive.zip");
}

/// Members by name, as libzip itself reads them from a file.
std::vector<std::pair<string, string>> read_by_libzip(ByteSpan archive) {
  const string path = directory().path() + "/check.zip";
  FileIO(path, "w").write(archive);
  int error = 0;
  zip_t* const zip = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &error);
  EXPECT_NE(zip, nullptr) << "libzip refuses it: " << error;
  std::vector<std::pair<string, string>> members;
  if (zip == nullptr) return members;
  for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); ++i) {
    const auto index = static_cast<zip_uint64_t>(i);
    zip_stat_t stat;
    zip_stat_index(zip, index, 0, &stat);
    string content(stat.size, '\0');
    zip_file_t* const file = zip_fopen_index(zip, index, 0);
    EXPECT_EQ(zip_fread(file, content.data(), content.size()), std::ssize(content));
    char more = 0;
    EXPECT_EQ(zip_fread(file, &more, 1), 0) << "and the checksum";
    zip_fclose(file);
    members.emplace_back(stat.name, content);
  }
  zip_discard(zip);
  return members;
}

std::vector<std::pair<string, string>> read_by_quire(const Bytes& archive) {
  const ZipFile zip{BytesIO(archive)};
  std::vector<std::pair<string, string>> members;
  for (const string& name : zip.namelist()) members.emplace_back(name, text(zip.read(name)));
  return members;
}

/// An archive of these members.
Bytes archive_of(const std::vector<std::pair<string, string>>& members,
                 const ZipOptions& options = {}) {
  BytesIO stream;
  ZipFile zip(stream, "w");
  for (const auto& [name, content] : members) zip.writestr(name, content, options);
  zip.close();
  return stream.getvalue();
}

// --- reading ---------------------------------------------------------------------------------------

TEST(ZipFile, ReadsARealArchiveAsLibzipDoes) {
  const auto members = read_by_quire(shipped());
  EXPECT_EQ(members.size(), 3u);
  EXPECT_EQ(members, read_by_libzip(shipped()));
  const ZipFile zip{BytesIO(shipped())};
  EXPECT_FALSE(zip.comment().empty());
  EXPECT_EQ(zip.testzip(), std::nullopt);
  for (const ZipInfo& info : zip.infolist()) {
    EXPECT_EQ(zip.getinfo(info.filename).crc, info.crc);
    EXPECT_GT(info.mtime, 0);
    EXPECT_FALSE(info.is_dir());
  }
}

TEST(ZipFile, ReadsFromEveryKindOfStream) {
  const auto expected = read_by_libzip(shipped());
  const auto names_in = [](StreamHandle stream) {
    return ZipFile(std::move(stream)).namelist().size();
  };
  EXPECT_EQ(names_in(FileIO(QUIRE_SOURCE_DIR "/examples/data/archive.zip")), expected.size());
  EXPECT_EQ(names_in(BufferedReader(FileIO(QUIRE_SOURCE_DIR "/examples/data/archive.zip"))),
            expected.size());
  for (const std::size_t most : std::vector<std::size_t>{1, 7, 1000}) {
    ZipFile zip{TestStream(text(shipped()), {.most_a_call = most, .log = false})};
    for (const auto& [name, content] : expected) EXPECT_EQ(text(zip.read(name)), content) << most;
  }
}

TEST(ZipFile, ReadsWithoutACopyOfTheArchive) {
  const string content(1 << 20, 'x');
  const Bytes archive = archive_of({{"long", content}});
  const std::uint64_t most = archive.size() + 2 * 65536;  // libzip reads the end for the directory
  const ZipFile zip{BytesIO(archive)};
  ZipMember member = zip.open("long");
  string room(content.size(), '\0');
  EXPECT_COPIED_AT_MOST(most) {
    std::size_t done = 0;
    while (done < room.size()) done += member.readinto({room.data() + done, room.size() - done});
  }
  EXPECT_EQ(room, content);
}

TEST(ZipMember, IsAStreamInPiecesOfEverySize) {
  const string content = pattern(10'000);
  for (const ZipCompression how : {ZipCompression::Stored, ZipCompression::Deflated}) {
    const ZipFile zip{BytesIO(archive_of({{"member", content}}, {.compression = how}))};
    for (const std::ptrdiff_t size :
         std::vector<std::ptrdiff_t>{1, 2, 100, 4095, 4096, 4097, 9999, 10'000, 20'000}) {
      ZipMember member = zip.open("member");
      string joined;
      while (true) {
        const Bytes piece = member.read(size);
        if (piece.empty()) break;
        joined += text(piece);
        ASSERT_EQ(member.tell(), joined.size());
      }
      ASSERT_EQ(joined, content) << size;
      ASSERT_TRUE(member.read().empty());
    }
    BufferedReader lines(zip.open("member"));
    string joined;
    for (const Bytes& line : lines) joined += text(line);
    EXPECT_EQ(joined, content);
  }
}

TEST(ZipMember, SeeksAnywhere) {
  const string content = pattern(20'000);
  const ZipFile zip{BytesIO(archive_of({{"member", content}}))};
  ZipMember member = zip.open("member");
  std::mt19937 random(3);
  for (int i = 0; i < 100; ++i) {
    const std::size_t at = random() % 20'010;
    ASSERT_EQ(member.seek(static_cast<std::ptrdiff_t>(at)), at);
    ASSERT_EQ(text(member.read(50)), at < content.size() ? content.substr(at, 50) : "") << at;
  }
  EXPECT_EQ(member.seek(-10, Whence::End), 19'990u);
  EXPECT_EQ(member.seek(-90, Whence::Current), 19'900u);
  EXPECT_EQ(text(member.read()), content.substr(19'900));
  EXPECT_FALSE(member.writable());
  EXPECT_THROW(member.write("x"), UnsupportedOperation);
}

TEST(ZipMember, ManyAreReadInTurn) {
  const ZipFile zip{BytesIO(archive_of({{"a", pattern(5000)}, {"b", string(5000, 'b')}}))};
  ZipMember a = zip.open("a");
  ZipMember b = zip.open("b");
  string all_a;
  string all_b;
  while (all_a.size() < 5000) {
    all_a += text(a.read(100));
    all_b += text(b.read(99));
  }
  all_b += text(b.read());
  EXPECT_EQ(all_a, pattern(5000));
  EXPECT_EQ(all_b, string(5000, 'b'));
}

TEST(ZipMember, MovesAndOutlivesItsZipFile) {
  auto zip = std::make_unique<ZipFile>(BytesIO(archive_of({{"a", "content"}})));
  ZipMember first = zip->open("a");
  ZipMember member(std::move(first));
  EXPECT_TRUE(first.closed());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(text(member.read(3)), "con");
  zip.reset();
  try {
    static_cast<void>(member.read());
    ADD_FAILURE() << "the archive was closed";
  } catch (const ZipError& error) {
    EXPECT_EQ(error.code(), ZIP_ER_ZIPCLOSED) << error.what();
  }
  EXPECT_THROW(member.seek(0), ClosedError);
  member.close();
  member.close();
  EXPECT_THROW(static_cast<void>(member.read()), ClosedError);
}

// --- writing ---------------------------------------------------------------------------------------

TEST(ZipFile, WritesWhatLibzipReads) {
  const std::vector<std::pair<string, string>> members = {
      {"empty", ""},
      {"one", "1"},
      {"folder/long", pattern(300'000)},
      {"gr\xc3\xbc\xc3\x9f"
       "e.txt",
       "a name that is not ASCII"},
  };
  for (const ZipCompression how : {ZipCompression::Stored, ZipCompression::Deflated}) {
    const Bytes archive = archive_of(members, {.compression = how});
    EXPECT_EQ(read_by_libzip(archive), members);
    EXPECT_EQ(read_by_quire(archive), members);
    EXPECT_EQ(archive.size() > 300'000, how == ZipCompression::Stored);
  }
}

TEST(ZipFile, WritesToEveryKindOfStream) {
  const std::vector<std::pair<string, string>> members = {{"a", pattern(5000)}, {"b", "b"}};
  const auto write = [&](StreamHandle stream) {
    ZipFile zip(std::move(stream), "w");
    for (const auto& [name, content] : members) zip.writestr(name, content);
    zip.close();
  };
  BytesIO stream;
  write(stream);
  EXPECT_EQ(stream.tell(), stream.size());
  SpooledIO spooled(SpooledOptions{.max_size = 100});
  write(spooled);
  EXPECT_TRUE(spooled.rolled());
  EXPECT_EQ(read_by_quire(spooled.getvalue()), members);
  const string path = directory().path() + "/written.zip";
  write(FileIO(path, "w+"));
  EXPECT_EQ(read_by_quire(Bytes::map_file(path)), members);
  for (const std::size_t most : std::vector<std::size_t>{1, 13, 1000}) {
    for (const bool seekable : {true, false}) {
      TestStream slow("", {.most_a_call = most, .log = false, .seekable = seekable});
      write(slow);
      EXPECT_EQ(read_by_libzip(slow.data()), members) << most;
    }
  }
}

TEST(ZipFile, HandsOutMembersToBeWritten) {
  BytesIO stream;
  ZipFile zip(stream, "w");
  BytesIO& first = zip.create("first");
  BytesIO& second = zip.create("second", {.compression = ZipCompression::Stored});
  first.write("written ");
  second.write("and another");
  first.write("in pieces");
  first.seek(3);  // wherever it stands, all of it is meant
  zip.close();
  const std::vector<std::pair<string, string>> expected = {{"first", "written in pieces"},
                                                           {"second", "and another"}};
  EXPECT_EQ(read_by_libzip(stream.getvalue()), expected);
}

TEST(ZipFile, AddsStreamsFromWhereTheyStand) {
  BytesIO stream;
  BytesIO borrowed("skipped, wanted"_b);
  borrowed.seek(9);
  TestStream endless(pattern(100'000), {.most_a_call = 999, .log = false, .seekable = false});
  ZipFile zip(stream, "w");
  zip.add("borrowed", borrowed);
  zip.add("owned", BytesIO("owned"_b));
  zip.add("cannot seek", endless);
  zip.close();
  const std::vector<std::pair<string, string>> expected = {
      {"borrowed", "wanted"}, {"owned", "owned"}, {"cannot seek", pattern(100'000)}};
  EXPECT_EQ(read_by_libzip(stream.getvalue()), expected);
  EXPECT_FALSE(borrowed.closed());
}

TEST(ZipFile, SharesTheMemoryOfBytesUntilTheEnd) {
  BytesIO stream;
  const Bytes content(string(1 << 20, 'x'));
  ZipFile zip(stream, "w");
  EXPECT_COPIED_AT_MOST(0) {
    zip.writestr("long", content);
  }
  zip.close();
  EXPECT_EQ(text(ZipFile(stream).read("long")), string(1 << 20, 'x'));
}

TEST(ZipFile, TakesAMemberFromAnotherArchive) {
  const ZipFile source{BytesIO(shipped())};
  const string name = source.namelist()[1];
  BytesIO stream;
  ZipFile zip(stream, "w");
  zip.add("taken", source.open(name));
  zip.close();
  EXPECT_EQ(ZipFile(stream).read("taken"), source.read(name));
}

TEST(ZipFile, KeepsOptionsAndComment) {
  BytesIO stream;
  ZipFile zip(stream, "w");
  const std::time_t noon = 1'600'000'000;
  zip.writestr("dated", pattern(10'000), {.level = 1, .mtime = noon});
  zip.writestr("small", pattern(10'000), {.level = 9, .mtime = noon});
  zip.writestr("folder/", "", {.compression = ZipCompression::Stored});
  zip.set_comment("a comment");
  zip.close();
  const ZipFile again(stream);
  EXPECT_EQ(again.getinfo("dated").mtime, noon);
  EXPECT_EQ(again.getinfo("dated").file_size, 10'000u);
  EXPECT_LE(again.getinfo("small").compress_size, again.getinfo("dated").compress_size);
  EXPECT_TRUE(again.getinfo("folder/").is_dir());
  EXPECT_EQ(again.comment(), "a comment"_b);
}

TEST(ZipFile, AnArchiveWithoutMembersIsOneToo) {
  for (const string mode : {"w", "a"}) {
    BytesIO stream;
    ZipFile(stream, mode).close();
    EXPECT_EQ(stream.size(), 22u);
    EXPECT_TRUE(ZipFile(stream).namelist().empty());
  }
}

TEST(ZipFile, ModeWEmptiesTheStream) {
  BytesIO stream(Bytes(pattern(100'000)));
  ZipFile zip(stream, "w");
  EXPECT_EQ(stream.size(), 0u);
  zip.writestr("a", "b");
  zip.close();
  EXPECT_EQ(read_by_libzip(stream.getvalue()).size(), 1u);
}

// --- adding and removing ---------------------------------------------------------------------------

TEST(ZipFile, AddsToAnArchiveAndTakesOut) {
  auto expected = read_by_libzip(shipped());
  BytesIO stream(shipped());
  {
    ZipFile zip(stream, "a");
    zip.writestr("added", pattern(2000));
    EXPECT_EQ(text(zip.read(expected[0].first)), expected[0].second);
  }
  expected.emplace_back("added", pattern(2000));
  EXPECT_EQ(read_by_libzip(stream.getvalue()), expected);
  {
    ZipFile zip(stream, "a");
    zip.remove(expected[1].first);
    expected.erase(expected.begin() + 1);
    EXPECT_EQ(zip.namelist().size(), expected.size());
  }
  EXPECT_EQ(read_by_libzip(stream.getvalue()), expected);
  {
    ZipFile zip(stream, "a");
    for (const auto& [name, content] : expected) zip.remove(name);
  }
  EXPECT_EQ(stream.size(), 22u);
}

TEST(ZipFile, WhatStaysIsNotWrittenAgain) {
  const string content = test::pattern(1 << 20);
  BytesIO stream(archive_of({{"large", content}}, {.compression = ZipCompression::Stored}));
  EXPECT_COPIED_AT_MOST(100'000) {
    ZipFile zip(stream, "a");
    zip.writestr("small", "tiny"_b);
    zip.close();
  }
  const std::vector<std::pair<string, string>> expected = {{"large", content}, {"small", "tiny"}};
  EXPECT_EQ(read_by_libzip(stream.getvalue()), expected);
}

TEST(ZipFile, ASnapshotTakenBeforeStaysAsItWas) {
  BytesIO stream(shipped());
  const Bytes before = stream.getvalue();
  ZipFile zip(stream, "a");
  zip.writestr("added", "content"_b);
  zip.close();
  EXPECT_EQ(before, shipped());
}

// --- errors ----------------------------------------------------------------------------------------

TEST(ZipErrors, WhatIsNoArchiveIsNamed) {
  const auto message = [](StreamHandle stream, const string& mode) {
    return message_of<ZipError>([&] { ZipFile zip(std::move(stream), mode); });
  };
  EXPECT_EQ(message(BytesIO(), "r"), "opening the archive: Not a zip archive");
  EXPECT_EQ(message(BytesIO(Bytes(pattern(1000))), "r"), "opening the archive: Not a zip archive");
  EXPECT_EQ(message(BytesIO(Bytes(pattern(1000))), "a"), "opening the archive: Not a zip archive");
  EXPECT_EQ(message_of<std::invalid_argument>([] { ZipFile zip(BytesIO(), "x"); }),
            "invalid mode: 'x'");
  EXPECT_EQ(message_of<std::invalid_argument>([] { ZipFile zip{StreamHandle()}; }),
            "an archive needs a stream to be in");
}

TEST(ZipErrors, StreamsThatCannotAreRefused) {
  TestStream pipe(text(shipped()), {.seekable = false});
  EXPECT_THROW(ZipFile zip(pipe), UnsupportedOperation);
  TestStream constant(text(shipped()), {.writable = false});
  EXPECT_THROW(ZipFile zip(constant, "a"), UnsupportedOperation);
  EXPECT_THROW(ZipFile zip(constant, "w"), UnsupportedOperation);
  ZipFile zip(constant);
  EXPECT_THROW(zip.writestr("a", "b"_b), UnsupportedOperation);
  EXPECT_THROW(zip.create("a"), UnsupportedOperation);
  EXPECT_THROW(zip.remove(zip.namelist()[0]), UnsupportedOperation);
  EXPECT_THROW(zip.set_comment("c"), UnsupportedOperation);
}

TEST(ZipErrors, MembersThatAreNotThereOrThereTwiceAreNamed) {
  BytesIO stream(shipped());
  ZipFile zip(stream, "a");
  const auto none = "member 'none': No such file";
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(zip.open("none")); }), none);
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(zip.read("none")); }), none);
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(zip.getinfo("none")); }), none);
  EXPECT_EQ(message_of<ZipError>([&] { zip.remove("none"); }), none);
  zip.writestr("new", "content"_b);
  EXPECT_EQ(message_of<ZipError>([&] { zip.writestr("new", "again"_b); }),
            "adding member 'new': File already exists");
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(zip.read("new")); }),
            "opening member 'new': Entry has been changed");
  zip.close();
  EXPECT_EQ(ZipFile(stream).read("new"), "content"_b);
}

TEST(ZipErrors, DamageIsFoundWhereverItIs) {
  // A flipped byte of a member's data is found by its checksum, one of the directory by libzip or by
  // a member that is not as it should be. Nothing may be taken for sound and differ.
  const string whole = text(archive_of({{"a", pattern(400)}, {"b", pattern(300)}}));
  const auto sound = read_by_quire(Bytes(whole));
  std::size_t refused = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    try {
      const auto members = read_by_quire(Bytes(damaged));
      ASSERT_EQ(members.size(), sound.size()) << at;
      for (std::size_t i = 0; i < members.size(); ++i) {
        ASSERT_EQ(members[i].second, sound[i].second) << at;
      }
    } catch (const ZipError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, whole.size() / 2);
}

TEST(ZipErrors, EveryCutIsRefused) {
  const string whole = text(shipped());
  for (std::size_t size = 0; size < whole.size(); size += 101) {
    EXPECT_THROW(read_by_quire(Bytes(whole.substr(0, size))), ZipError) << size;
  }
}

TEST(ZipErrors, AWrongChecksumIsTheEndOfReading) {
  string damaged =
      text(archive_of({{"a", pattern(50'000)}}, {.compression = ZipCompression::Stored}));
  damaged[1000] ^= 1;
  const ZipFile zip{BytesIO(Bytes(damaged))};
  ZipMember member = zip.open("a");
  EXPECT_EQ(member.read(50'000).size(), 50'000u);
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(member.read(1)); }),
            "reading member 'a': CRC error");
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(zip.read("a")); }),
            "reading member 'a': CRC error");
  EXPECT_EQ(zip.testzip(), "a");
}

/// Changes the size that both headers of the archive's only member say.
string with_size(const Bytes& archive, std::uint32_t size) {
  string changed = text(archive);
  const std::size_t directory = changed.rfind("PK\1\2");
  for (std::size_t at : {std::size_t{22}, directory + 24}) {
    for (int i = 0; i < 4; ++i, ++at) changed[at] = static_cast<char>(size >> (8 * i));
  }
  return changed;
}

TEST(ZipErrors, AMemberGivesNoMoreThanItSays) {
  const Bytes bomb = archive_of({{"bomb", string(5'000'000, '\0')}});
  EXPECT_LT(bomb.size(), 10'000u);
  const ZipFile zip{BytesIO(Bytes(with_size(bomb, 1000)))};
  EXPECT_EQ(zip.getinfo("bomb").file_size, 1000u);
  ZipMember member = zip.open("bomb");
  EXPECT_EQ(member.read(1000).size(), 1000u);
  EXPECT_THROW(static_cast<void>(member.read()), ZipError);
  EXPECT_THROW(static_cast<void>(zip.read("bomb")), ZipError);
}

TEST(ZipErrors, AMemberThatIsShorterThanItSaysIsRefused) {
  const Bytes archive = archive_of({{"short", pattern(1000)}});
  const ZipFile zip{BytesIO(Bytes(with_size(archive, 4'000'000'000)))};
  EXPECT_THROW(static_cast<void>(zip.read("short")), ZipError);
}

TEST(ZipErrors, PasswordsAreAskedFor) {
  const string path = directory().path() + "/secret.zip";
  int error = 0;
  zip_t* const made = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &error);
  const string content = pattern(1000);
  zip_file_add(made, "secret", zip_source_buffer(made, content.data(), content.size(), 0), 0);
  ASSERT_EQ(zip_file_set_encryption(made, 0, ZIP_EM_AES_256, "open sesame"), 0);
  ASSERT_EQ(zip_close(made), 0);
  ZipFile zip{FileIO(path)};
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(zip.read("secret")); }),
            "opening member 'secret': No password provided");
  zip.setpassword("wrong");
  EXPECT_EQ(message_of<ZipError>([&] { static_cast<void>(zip.read("secret")); }),
            "opening member 'secret': Wrong password provided");
  zip.setpassword("open sesame");
  EXPECT_EQ(text(zip.read("secret")), content);
}

TEST(ZipErrors, WhatTheStreamThrowsComesThrough) {
  TestStream source(text(shipped()), {.log = false});
  const ZipFile zip(source);
  const string name = zip.namelist()[0];
  ZipMember member = zip.open(name);
  source.options.fail_read_at = 0;
  EXPECT_EQ(message_of<std::system_error>([&] { static_cast<void>(member.read()); }),
            "test stream: Input/output error");
  source.options.fail_read_at = npos;
  EXPECT_EQ(text(zip.read(name)), read_by_libzip(shipped())[0].second);
}

TEST(ZipErrors, AFullStreamIsNamedAtTheEnd) {
  const auto close = [](StreamHandle stream) {
    ZipFile zip(std::move(stream), "w");
    zip.writestr("a", pattern(5000));
    return zip;
  };
  ZipFile failing = close(TestStream("", {.fail_write_at = 100}));
  EXPECT_EQ(message_of<std::system_error>([&] { failing.close(); }),
            "test stream: No space left on device");
  ZipFile full = close(TestStream("", {.full_at = 100}));
  EXPECT_EQ(message_of<std::system_error>([&] { full.close(); }),
            "the archive's stream takes no more: No space left on device");
  ZipFile limited = close(BytesIO(StorageOptions{.size_limit = 50}));
  EXPECT_THROW(limited.close(), std::length_error);
  EXPECT_TRUE(limited.closed());
  limited.close();
}

TEST(ZipErrors, AFailedAdditionLeavesTheArchiveAsItWas) {
  BytesIO stream(shipped());
  ZipFile zip(stream, "a");
  zip.add("bad", TestStream(pattern(1000), {.fail_read_at = 500, .log = false}));
  EXPECT_EQ(message_of<std::system_error>([&] { zip.close(); }), "test stream: Input/output error");
  EXPECT_EQ(stream.getvalue(), shipped());
}

TEST(ZipErrors, CallsThatMakeNoSenseAreNamed) {
  ZipFile zip(BytesIO(), "w");
  EXPECT_EQ(message_of<std::invalid_argument>([&] { zip.add("a", StreamHandle()); }),
            "member 'a' has no stream");
  TestStream deaf("", {.readable = false});
  EXPECT_THROW(zip.add("a", deaf), UnsupportedOperation);
  EXPECT_EQ(message_of<ZipError>([&] { zip.set_comment(string(65536, 'c')); }),
            "a comment of 65536 bytes: Invalid argument");
  zip.close();
  EXPECT_THROW(static_cast<void>(zip.namelist()), ClosedError);
  EXPECT_THROW(static_cast<void>(zip.open("a")), ClosedError);
  EXPECT_THROW(zip.writestr("a", "b"_b), ClosedError);
}

TEST(ZipErrors, AnUnfinishedArchiveIsWrittenByTheDestructor) {
  BytesIO stream;
  {
    ZipFile zip(stream, "w");
    zip.writestr("a", "b"_b);
  }
  EXPECT_EQ(ZipFile(stream).read("a"), "b"_b);
}

}  // namespace
}  // namespace quire
