// quire::streambuf by the rules of std's streambufs, over every kind of stream, beside a string with a
// position; std's streams as Streams.
#include "quire/adapters/iostream.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <functional>
#include <iomanip>
#include <iterator>
#include <limits>
#include <locale>
#include <memory>
#include <sstream>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "quire/adapters/gtest.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "quire/spooled_io.h"
#include "support/random_choices.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::ios_base;
using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;
using Traits = std::char_traits<char>;

constexpr int kEof = Traits::eof();

static_assert(std::is_same_v<decltype(std::declval<iostream&>().rdbuf()), quire::streambuf*>);
static_assert(std::is_nothrow_move_constructible_v<StdStream>);

/// A BytesIO whose class is another one: nobody may write past its write().
class Derived : public BytesIO {
 public:
  using BytesIO::write;

  std::size_t write(ByteSpan data) override {
    written += data.size();
    return BytesIO::write(data);
  }

  std::size_t written = 0;
};

/// A kind of stream, and how to see what is in one.
struct Kind {
  string name;
  std::function<std::unique_ptr<Stream>()> make;
};

const test::TempDirectory& directory() {
  static const test::TempDirectory directory;
  return directory;
}

std::vector<Kind> kinds() {
  static std::array<std::byte, 1 << 20> memory;
  static int files = 0;
  const auto bytes_io = [](StorageOptions options) {
    return [=] { return std::make_unique<BytesIO>(options); };
  };
  const auto pieces = [](std::size_t most) {
    return [=] {
      return std::make_unique<TestStream>("",
                                          TestStream::Options{.most_a_call = most, .log = false});
    };
  };
  return {
      {"BytesIO", bytes_io({})},
      {"heap", bytes_io({.tier = StorageOptions::heap})},
      {"paged", bytes_io({.tier = StorageOptions::paged})},
      {"fixed", [] { return std::make_unique<BytesIO>(BytesIO::over(memory)); }},
      {"derived", [] { return std::make_unique<Derived>(); }},
      {"spooled", [] { return std::make_unique<SpooledIO>(SpooledOptions{.max_size = 40'000}); }},
      {"file",
       [] { return std::make_unique<FileIO>(directory().file(std::to_string(++files)), "x+"); }},
      {"pieces of 7", pieces(7)},
      {"pieces of 1000", pieces(1000)},
  };
}

/// What a streambuf is: a string with one position.
struct Model {
  string data;
  std::size_t at = 0;

  int peek() const { return at < data.size() ? Traits::to_int_type(data[at]) : kEof; }

  int bump() {
    const int c = peek();
    if (c != kEof) ++at;
    return c;
  }

  string get(std::size_t count) {
    const std::size_t left = at < data.size() ? data.size() - at : 0;
    string result = left == 0 ? "" : data.substr(at, count);
    at += result.size();
    return result;
  }

  void put(const string& written) {
    if (written.empty()) return;
    if (data.size() < at) data.resize(at);
    data.replace(at, std::min(written.size(), data.size() - at), written);
    at += written.size();
  }

  int unget() {
    if (at == 0 || at > data.size()) return kEof;
    --at;
    return Traits::to_int_type(data[at]);
  }

  std::streamoff seek(std::streamoff offset, ios_base::seekdir from) {
    const std::streamoff base = from == ios_base::beg   ? 0
                                : from == ios_base::cur ? static_cast<std::streamoff>(at)
                                                        : static_cast<std::streamoff>(data.size());
    if (base + offset < 0) return -1;
    at = static_cast<std::size_t>(base + offset);
    return base + offset;
  }
};

string content(Stream& stream) {
  const std::size_t at = stream.tell();
  stream.seek(0);
  string all = text(stream.read());
  stream.seek(static_cast<std::ptrdiff_t>(at));
  return all;
}

/// One random call of both; false with the difference reported.
bool step(std::streambuf& buffer, Model& model, test::RandomChoices& choices) {
  // Mostly little, at times more than any buffer holds.
  const std::size_t most = choices.below(40) == 0 ? 70'000 : choices.below(4) == 0 ? 5000 : 20;
  const std::size_t size = choices.below(most);
  const auto differs = [](const char* what, auto got, auto expected) {
    if (got == expected) return true;
    ADD_FAILURE() << what << " gave " << testing::PrintToString(got).substr(0, 100) << " and not "
                  << testing::PrintToString(expected).substr(0, 100);
    return false;
  };
  switch (choices.below(12)) {
    case 0:
      return differs("sgetc", buffer.sgetc(), model.peek());
    case 1:
      return differs("sbumpc", buffer.sbumpc(), model.bump());
    case 2: {
      model.bump();
      return differs("snextc", buffer.snextc(), model.peek());
    }
    case 3:
    case 4: {
      string got(size, '\0');
      got.resize(
          static_cast<std::size_t>(buffer.sgetn(got.data(), static_cast<std::streamsize>(size))));
      return differs("sgetn", got, model.get(size));
    }
    case 5: {
      const char c = static_cast<char>('a' + choices.below(26));
      model.put(string(1, c));
      return differs("sputc", buffer.sputc(c), Traits::to_int_type(c));
    }
    case 6:
    case 7: {
      if (model.at + size > 200'000) return true;  // the fixed buffer's end is another test's
      const string data = pattern(size);
      model.put(data);
      return differs("sputn", buffer.sputn(data.data(), static_cast<std::streamsize>(size)),
                     static_cast<std::streamsize>(size));
    }
    case 8: {
      const int expected = model.unget();
      const int got = buffer.sungetc();
      return differs("sungetc", got == kEof, expected == kEof) &&
             (got == kEof || differs("what was ungot", buffer.sgetc(), expected));
    }
    case 9: {
      const auto from = std::array{ios_base::beg, ios_base::cur, ios_base::end}[choices.below(3)];
      const auto room = static_cast<std::streamoff>(model.data.size() / 2 + 10);
      std::streamoff offset = static_cast<std::streamoff>(size) - room / 4;
      if (from == ios_base::end) offset = -offset;
      if (static_cast<std::streamoff>(model.data.size()) + offset > 200'000) return true;
      const std::streamoff expected = model.seek(offset, from);
      return differs("seekoff", std::streamoff(buffer.pubseekoff(offset, from)), expected);
    }
    case 10:
      return differs("tell", std::streamoff(buffer.pubseekoff(0, ios_base::cur)),
                     static_cast<std::streamoff>(model.at));
    default:
      return differs("sync", buffer.pubsync(), 0);
  }
}

TEST(Streambuf, DoesWhatAStringWithAPositionDoes) {
  test::RandomChoices choices = test::RandomChoices::from_environment();
  for (const Kind& kind : kinds()) {
    for (std::size_t run = 0; run < test::steps(4); ++run) {
      SCOPED_TRACE(kind.name + ", run " + std::to_string(run));
      const std::unique_ptr<Stream> stream = kind.make();
      Model model;
      {
        quire::streambuf buffer(*stream);
        for (int i = 0; i < 600; ++i) {
          ASSERT_TRUE(step(buffer, model, choices)) << "step " << i << " at " << model.at;
          if (i % 100 != 0) continue;
          ASSERT_EQ(buffer.stream().tell(), model.at);
          ASSERT_TRUE(content(*stream) == model.data) << "step " << i;
        }
      }
      EXPECT_EQ(stream->tell(), model.at);
      EXPECT_TRUE(content(*stream) == model.data);
    }
  }
}

// What was handed out never changes, whatever the streambuf writes where.
TEST(Streambuf, SnapshotsNeverChange) {
  test::RandomChoices choices = test::RandomChoices::from_environment();
  for (const Kind& kind : kinds()) {
    const std::unique_ptr<Stream> stream = kind.make();
    auto* const bytes = dynamic_cast<BytesIO*>(stream.get());
    if (bytes == nullptr) continue;
    SCOPED_TRACE(kind.name);
    Model model;
    quire::streambuf buffer(*stream);
    std::vector<std::pair<Bytes, string>> kept;
    for (int i = 0; i < 1500; ++i) {
      ASSERT_TRUE(step(buffer, model, choices)) << "step " << i;
      if (i % 20 != 0) continue;
      const Bytes value = bytes->getvalue();  // at any time: not all may be there
      kept.emplace_back(value, value.to_string());
      if (kept.size() > 10) kept.erase(kept.begin());
      for (const auto& [shared, expected] : kept) {
        ASSERT_TRUE(shared == ByteSpan(expected)) << "step " << i;
      }
    }
  }
}

/// Shows where the areas are.
class Areas : public quire::streambuf {
 public:
  using quire::streambuf::overflow;
  using quire::streambuf::streambuf;
  using std::streambuf::egptr;
  using std::streambuf::epptr;
  using std::streambuf::gptr;
  using std::streambuf::pptr;
};

const void* address(const char* p) {
  return p;
}

TEST(Streambuf, AreasAreTheMemoryOfTheStream) {
  BytesIO stream;
  stream.write("quire");
  Areas out(stream, ios_base::out);
  out.sputc('s');
  EXPECT_EQ(address(out.pptr()), stream.getvalue().data() + 6);
  EXPECT_GT(out.epptr() - out.pptr(), 50) << "as far as there is room";
  out.pubsync();
  EXPECT_EQ(text(stream.getvalue()), "quires");

  stream.seek(2);
  Areas in(stream, ios_base::in);
  EXPECT_EQ(in.sgetc(), 'i');
  EXPECT_EQ(address(in.gptr()), stream.getvalue().data() + 2);
  EXPECT_EQ(in.egptr() - in.gptr(), 4);
  EXPECT_EQ(in.in_avail(), 4);

  Derived other;
  other.write("shared");
  other.seek(0);
  Areas piece(other, ios_base::in);
  piece.sgetc();
  EXPECT_EQ(address(piece.gptr()), other.getvalue().data()) << "what read1() shares, too";
}

TEST(Streambuf, ReadingCopiesNothingAndWritingOnce) {
  BytesIO stream{Bytes(pattern(300'000))};
  quire::istream in(stream);
  EXPECT_STREAM_COPIED_AT_MOST(stream, 0) {
    in.ignore(std::numeric_limits<std::streamsize>::max());
  }
  BytesIO target;
  target.reserve(100'000);
  EXPECT_STREAM_COPIED_AT_MOST(target, 58'890) {
    quire::ostream out(target);
    for (int i = 0; i < 10'000; ++i) out << i << ' ' << '\n';
  }
  EXPECT_EQ(target.size(), 58'890U);
}

TEST(Streambuf, ADerivedStreamIsAskedToWrite) {
  Derived stream;
  quire::ostream out(stream);
  out << "abc" << 1 << string(100'000, 'x') << std::flush;
  EXPECT_EQ(stream.written, 100'004U);
}

// --- the rules of std ------------------------------------------------------------------------------

TEST(Streambuf, PutsBackAtEveryPosition) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const std::unique_ptr<Stream> stream = kind.make();
    const string data = pattern(70'000);
    stream->write(data);
    stream->seek(0);
    quire::streambuf buffer(*stream, ios_base::in);
    EXPECT_EQ(buffer.sungetc(), kEof) << "at the beginning";
    for (std::size_t i = 0; i < data.size(); i += 1 + i / 100) {
      ASSERT_EQ(buffer.pubseekpos(static_cast<std::streamoff>(i)), static_cast<std::streamoff>(i));
      ASSERT_EQ(buffer.sbumpc(), Traits::to_int_type(data[i])) << i;
      ASSERT_EQ(buffer.sputbackc(data[i]), Traits::to_int_type(data[i])) << i;
      ASSERT_EQ(buffer.sputbackc('\x01'), kEof) << "another character into an input";
      ASSERT_EQ(buffer.sgetc(), Traits::to_int_type(data[i])) << i;
    }
    buffer.pubseekoff(0, ios_base::end);
    EXPECT_EQ(buffer.sgetc(), kEof);
    EXPECT_EQ(buffer.sungetc(), Traits::to_int_type(data.back())) << "behind the end";
  }
}

TEST(Streambuf, GoesOnAtEveryBoundaryOfItsAreas) {
  const string data = pattern(150'000);
  const auto at_int = [&](std::size_t at) { return Traits::to_int_type(data[at]); };
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const std::unique_ptr<Stream> stream = kind.make();
    {
      Areas out(*stream);
      for (std::size_t at = 0; at < data.size(); ++at) {
        if (out.pptr() == out.epptr()) {
          ASSERT_NE(out.overflow(kEof), kEof) << at;
          ASSERT_LT(address(out.pptr()), address(out.epptr())) << "room, and nothing written";
        }
        ASSERT_EQ(out.sputc(data[at]), at_int(at));
      }
    }
    ASSERT_TRUE(content(*stream) == data);
    stream->seek(0);
    Areas in(*stream, ios_base::in);
    for (std::size_t at = 0; at < data.size();) {
      ASSERT_EQ(in.sgetc(), at_int(at));
      ASSERT_EQ(in.sgetc(), at_int(at)) << "underflow() takes nothing";
      ASSERT_EQ(in.sungetc(), at == 0 ? kEof : at_int(at - 1));
      if (at != 0) {
        ASSERT_EQ(in.snextc(), at_int(at)) << "back behind the boundary";
      }
      string all(static_cast<std::size_t>(in.egptr() - in.gptr()), '\0');
      ASSERT_EQ(in.sgetn(all.data(), static_cast<std::streamsize>(all.size())),
                static_cast<std::streamsize>(all.size()));
      ASSERT_TRUE(all == data.substr(at, all.size()));
      at += all.size();
    }
    EXPECT_EQ(in.sgetc(), kEof);
    EXPECT_EQ(in.sungetc(), at_int(data.size() - 1));
  }
}

TEST(Streambuf, PuttingBackAnotherCharacterWritesIt) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const std::unique_ptr<Stream> stream = kind.make();
    stream->write("abc");
    stream->seek(0);
    quire::streambuf buffer(*stream);
    EXPECT_EQ(buffer.sbumpc(), 'a');
    EXPECT_EQ(buffer.sputbackc('A'), 'A');
    EXPECT_EQ(buffer.sbumpc(), 'A');
    EXPECT_EQ(buffer.sbumpc(), 'b');
    buffer.pubsync();
    EXPECT_EQ(content(*stream), "Abc");
  }
}

TEST(Streambuf, OneDirectionRefusesTheOther) {
  BytesIO stream;
  stream.write("abc");
  stream.seek(0);
  quire::streambuf in(stream, ios_base::in);
  EXPECT_EQ(in.sputc('x'), kEof);
  EXPECT_EQ(in.sputn("xyz", 3), 0);
  EXPECT_EQ(in.pubseekoff(0, ios_base::cur, ios_base::out), std::streampos(-1));
  EXPECT_EQ(in.pubseekoff(1, ios_base::cur, ios_base::in), std::streampos(1));
  EXPECT_EQ(in.sgetc(), 'b');
  quire::streambuf out(stream, ios_base::out);
  EXPECT_EQ(out.sgetc(), kEof);
  EXPECT_EQ(out.sungetc(), kEof);
  EXPECT_EQ(out.in_avail(), -1);
  EXPECT_EQ(out.pubseekpos(0, ios_base::in), std::streampos(-1));
  EXPECT_EQ(out.pubseekpos(2, ios_base::out), std::streampos(2));
}

TEST(Streambuf, SeeksAsStdSays) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const std::unique_ptr<Stream> stream = kind.make();
    quire::iostream both(*stream);
    both << "0123456789";
    EXPECT_EQ(both.tellp(), 10);
    EXPECT_EQ(both.tellg(), 10) << "there is one position";
    both.seekg(-3, ios_base::end);
    EXPECT_EQ(both.get(), '7');
    both.seekp(-5, ios_base::cur);
    EXPECT_EQ(both.tellp(), 3);
    both << "abc";
    EXPECT_EQ(both.get(), '6') << "reading takes up where writing has stopped";
    both.seekg(-1, ios_base::beg);
    EXPECT_TRUE(both.fail());
    both.clear();
    EXPECT_EQ(both.tellg(), 7) << "a failed seek does not move";
    both.seekg(-11, ios_base::end);
    EXPECT_TRUE(both.fail());
    both.clear();
    EXPECT_EQ(both.tellg(), 7);
    both.seekp(12);
    both << '!';
    both.seekg(0);
    EXPECT_EQ(string(std::istreambuf_iterator<char>(both), {}), string("012abc6789\0\0!", 13));
    EXPECT_EQ(both.peek(), kEof);
  }
}

TEST(Streambuf, ShowsHowMuchThereIs) {
  BytesIO stream;
  quire::streambuf buffer(stream);
  EXPECT_EQ(buffer.in_avail(), -1);
  stream.write("abc");
  stream.seek(1);
  EXPECT_EQ(buffer.in_avail(), 2);
  buffer.sbumpc();
  EXPECT_EQ(buffer.in_avail(), 1);
  buffer.sbumpc();
  EXPECT_EQ(buffer.in_avail(), -1);
  stream.seek(0, Whence::End);
  stream.write("more");
  EXPECT_EQ(buffer.sgetc(), 'm') << "what was appended since";
}

// The end is not for ever: as with a log that another one writes.
TEST(Streambuf, SeesWhatIsAppendedBehindTheEnd) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const std::unique_ptr<Stream> stream = kind.make();
    stream->write("one\n");
    stream->seek(0);
    quire::istream in(*stream);
    string line;
    EXPECT_TRUE(std::getline(in, line));
    EXPECT_FALSE(std::getline(in, line));
    in.clear();
    in.stream().write("two\n");
    stream->seek(4);
    EXPECT_TRUE(std::getline(in, line));
    EXPECT_EQ(line, "two");
  }
}

// Bytes above 0x7F, NULs and 0xFF, which is char_traits::eof() when signs go wrong.
TEST(Streambuf, EveryByteGoesThroughWhateverTheLocale) {
  string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    const std::unique_ptr<Stream> stream = kind.make();
    quire::iostream both(*stream);
    both.imbue(std::locale("C.UTF-8"));
    for (const char c : all) both.put(c);
    both.write(all.data(), 256);
    both.seekg(0);
    string back;
    for (int c = both.get(); c != kEof; c = both.get()) back += static_cast<char>(c);
    EXPECT_EQ(back, all + all);
  }
}

// --- std's streams on top ---------------------------------------------------------------------------

TEST(IOStream, DoesWhatAStringstreamDoes) {
  for (const Kind& kind : kinds()) {
    SCOPED_TRACE(kind.name);
    std::stringstream expected;
    const std::unique_ptr<Stream> stream = kind.make();
    quire::iostream both(*stream);
    const auto write = [](std::ostream& out) {
      out << "int " << -42 << ' ' << std::hex << std::showbase << 255 << std::dec << ' ' << 3.25
          << ' ' << std::setw(8) << std::setfill('.') << "right" << ' ' << true << '\n'
          << std::quoted("with \"quotes\"") << std::endl;
      for (int i = 0; i < 20'000; ++i) out << i << ',';
      out << '\n';
    };
    write(expected);
    write(both);
    EXPECT_TRUE(both.good());
    EXPECT_TRUE(content(both.stream()) == expected.str());
    both.seekg(0);
    for (std::istream* in :
         {static_cast<std::istream*>(&expected), static_cast<std::istream*>(&both)}) {
      string word;
      string quoted;
      int number = 0;
      int hexadecimal = 0;
      double real = 0;
      *in >> word >> number >> std::hex >> hexadecimal >> std::dec >> real >> word;
      EXPECT_EQ(number, -42);
      EXPECT_EQ(hexadecimal, 255);
      EXPECT_EQ(real, 3.25);
      in->ignore(100, '\n');
      *in >> std::quoted(quoted);
      EXPECT_EQ(quoted, "with \"quotes\"");
      char comma = 0;
      for (int i = 0; i < 20'000; ++i) {
        *in >> number >> comma;
        ASSERT_EQ(number, i);
      }
      *in >> std::ws;
      EXPECT_TRUE(in->eof());
    }
  }
}

TEST(IOStream, CopiesAWholeBufferIntoAnother) {
  for (const Kind& kind : kinds()) {
    const string data = pattern(200'000);
    BytesIO source{Bytes(data)};
    const std::unique_ptr<Stream> target = kind.make();
    quire::istream in(source);
    quire::ostream out(*target);
    out << in.rdbuf();
    out.flush();
    EXPECT_TRUE(content(*target) == data) << kind.name;
  }
}

TEST(IOStream, OwnsWhatItIsGiven) {
  BytesIO kept;
  {
    quire::ostream out(BytesIO{});
    out << "owned";
    kept.write(static_cast<BytesIO&>(out.stream()).getvalue());
  }
  EXPECT_EQ(text(kept.getvalue()), "owned");
  const string path = directory().file("owned");
  {
    quire::ostream out(FileIO(path, "w"));
    out << "by destruction";
  }
  std::ifstream file(path);
  EXPECT_EQ(string(std::istreambuf_iterator<char>(file), {}), "by destruction");
}

TEST(IOStream, ClosesWhatItOwnsAndFlushesTheRest) {
  TestStream borrowed;
  quire::ostream out(borrowed);
  out << "abc";
  EXPECT_EQ(borrowed.data(), "");
  out.close();
  EXPECT_EQ(borrowed.data(), "abc");
  EXPECT_FALSE(borrowed.closed());
  out.close();
  out << "more";
  EXPECT_TRUE(out.bad());
  EXPECT_THROW(static_cast<void>(out.stream()), ClosedError);
  EXPECT_EQ(out.rdbuf()->pubseekoff(0, ios_base::cur), std::streampos(-1));
}

// --- errors ----------------------------------------------------------------------------------------

TEST(IOStream, AFullStreamIsBadAndKeepsWhatFitted) {
  for (const WhenFull when_full : {WhenFull::Throw, WhenFull::Short}) {
    std::array<std::byte, 10> memory{};
    BytesIO stream = BytesIO::over(memory, when_full);
    quire::ostream out(stream);
    out << "0123456";
    EXPECT_TRUE(out.good());
    out << "789abcdef";
    EXPECT_TRUE(out.bad());
    out.clear();
    out.flush();
    EXPECT_EQ(text(stream.getvalue()), "0123456789");
  }
  BytesIO limited(StorageOptions{.size_limit = 300});
  quire::ostream out(limited);
  out.exceptions(ios_base::badbit);
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) out << "x";
      },
      std::length_error);
  EXPECT_EQ(limited.size(), 300U) << "all that may be";
}

TEST(IOStream, AnErrorUnderneathIsBadAndLosesNothing) {
  TestStream failing("", {.fail_write_at = 100, .log = false});
  quire::ostream out(failing);
  out << pattern(1000);
  out.flush();
  EXPECT_TRUE(out.bad());
  EXPECT_EQ(failing.data(), pattern(1000).substr(0, 100));
  failing.options.fail_write_at = npos;
  out.clear();
  out.flush();
  EXPECT_EQ(failing.data(), pattern(1000)) << "the rest, in order, once";

  TestStream full("", {.full_at = 10, .log = false});
  quire::ostream short_out(full);
  short_out << "0123456789abc" << std::flush;
  EXPECT_TRUE(short_out.bad());
  EXPECT_THROW(short_out.close(), std::system_error);

  TestStream broken(pattern(1000), {.fail_read_at = 100, .log = false});
  quire::istream in(broken);
  string word(1000, '\0');
  in.read(word.data(), 1000);
  EXPECT_TRUE(in.bad()) << "and not only at its end";
}

TEST(IOStream, AStreamThatWasChangedMeanwhileRefuses) {
  BytesIO stream;
  quire::ostream out(stream);
  out << "lost";
  stream.write("kept");
  out.flush();
  EXPECT_TRUE(out.bad());
  EXPECT_EQ(text(stream.getvalue()), "kept");
  out.clear();
  out << " and more" << std::flush;
  EXPECT_TRUE(out.good());
  EXPECT_EQ(text(stream.getvalue()), "kept and more");
  out << "lost";
  stream.close();
  EXPECT_EQ(
      message_of<BufferError>([&] { out.close(); }),
      "the stream was changed while an adapter wrote to its memory (4 bytes are lost: flush the "
      "adapter first)");
}

TEST(IOStream, SaysWhatAStreamCannotDo) {
  const string path = directory().file("read only");
  std::ofstream(path) << "abc";
  FileIO reads(path, "r");
  quire::iostream both(reads);
  both << "x" << std::flush;
  EXPECT_TRUE(both.bad());
  both.clear();
  FileIO writes(path, "w");
  quire::iostream other(writes);
  EXPECT_EQ(other.get(), kEof);
  EXPECT_TRUE(other.bad());
  BytesIO closed;
  closed.close();
  EXPECT_THROW(quire::istream{closed}, ClosedError);
}

// A socket or pipe: what is read and what is written have nothing to do with each other.
TEST(IOStream, TwoSidesOfAStreamThatCannotSeek) {
  class Duplex : public Stream {
   public:
    [[nodiscard]] bool closed() const noexcept override { return false; }
    [[nodiscard]] bool readable() const override { return true; }
    [[nodiscard]] bool writable() const override { return true; }
    std::size_t readinto(MutableByteSpan target) override {
      return incoming.readinto(target.subspan(0, std::min<std::size_t>(target.size(), 5)));
    }
    std::size_t write(ByteSpan data) override { return outgoing.write(data); }
    void close() override {}

    BytesIO incoming{Bytes("question one\nquestion two\n")};
    BytesIO outgoing;
  };

  Duplex socket;
  quire::iostream both(socket);
  string line;
  std::getline(both, line);
  EXPECT_EQ(line, "question one");
  both << "answer to " << line << std::endl;
  std::getline(both, line);
  EXPECT_EQ(line, "question two") << "nothing read ahead is lost";
  both.unget();
  both.unget();
  EXPECT_EQ(both.get(), 'o');
  both << "answer to " << line << std::endl;
  EXPECT_EQ(text(socket.outgoing.getvalue()), "answer to question one\nanswer to question two\n");
  both.clear();
  both.seekg(0);
  EXPECT_TRUE(both.fail());
}

// --- StdStream -------------------------------------------------------------------------------------

TEST(StdStream, IsAStreamOverAnyStdStream) {
  const auto use = [](std::iostream& under, const string& name) {
    SCOPED_TRACE(name);
    StdStream stream(under);
    EXPECT_TRUE(stream.readable() && stream.writable() && stream.seekable());
    EXPECT_EQ(stream.write("first line\nsecond line\n"), 23U);
    EXPECT_EQ(stream.tell(), 23U);
    EXPECT_EQ(stream.seek(6), 6U);
    EXPECT_EQ(text(stream.readline()), "line\n");
    EXPECT_EQ(stream.tell(), 11U);
    EXPECT_EQ(stream.write("SECOND"), 6U) << "where reading has stopped";
    EXPECT_EQ(text(stream.read(5)), " line");
    EXPECT_EQ(stream.seek(-5, Whence::End), 18U);
    EXPECT_EQ(stream.seek(-7, Whence::Current), 11U);
    EXPECT_EQ(text(stream.read()), "SECOND line\n");
    EXPECT_TRUE(stream.read().empty());
    EXPECT_TRUE(under.good()) << "no flag is set by the end of data";
    EXPECT_THROW(stream.seek(-1), std::invalid_argument);
    EXPECT_EQ(stream.tell(), 23U);
    stream.flush();
    stream.close();
    EXPECT_TRUE(stream.closed());
    EXPECT_THROW(static_cast<void>(stream.tell()), ClosedError);
    EXPECT_THROW(stream.flush(), ClosedError);
    stream.close();
  };
  std::stringstream memory;
  use(memory, "stringstream");
  std::fstream file(directory().file("fstream"),
                    ios_base::in | ios_base::out | ios_base::trunc | ios_base::binary);
  use(file, "fstream");
  quire::iostream round_trip(BytesIO{});
  use(round_trip, "quire::iostream");
}

TEST(StdStream, MovesAllBytes) {
  const string data = test::random_bytes(300'000);
  const string path = directory().file("bytes");
  {
    std::ofstream file(path, ios_base::binary);
    StdStream out(file);
    BytesIO source{Bytes(data)};
    EXPECT_EQ(copyfileobj(source, out), data.size());
    EXPECT_FALSE(out.readable());
    EXPECT_THROW(static_cast<void>(out.read()), UnsupportedOperation);
  }
  for (const test::Way way :
       {test::Way::Read, test::Way::ReadInto, test::Way::Read1, test::Way::ReadAll}) {
    for (const std::size_t piece : {509U, 8191U, 8192U, 100'000U}) {
      std::ifstream file(path, ios_base::binary);
      StdStream in(file);
      EXPECT_TRUE(test::read_to_end(in, way, piece) == data) << static_cast<int>(way);
      EXPECT_FALSE(in.writable());
      EXPECT_THROW(in.write("x"), UnsupportedOperation);
    }
  }
}

// A missing file is not an empty one.
TEST(StdStream, AFailedStdStreamIsAnError) {
  std::ifstream missing(directory().file("missing"));
  StdStream in(missing);
  EXPECT_EQ(message_of<std::system_error>([&] { static_cast<void>(in.read()); }),
            "the std::istream has failed: Input/output error");
  std::ofstream nowhere(directory().file("no/such/directory"));
  StdStream out(nowhere);
  EXPECT_THROW(out.write("x"), std::system_error);
  std::istringstream exhausted("1");
  int number = 0;
  exhausted >> number >> number;
  StdStream after(exhausted);
  EXPECT_THROW(static_cast<void>(after.read()), std::system_error);
  exhausted.clear();
  EXPECT_TRUE(after.read().empty());
}

TEST(StdStream, WhatIsNotTakenIsAnError) {
  class Narrow : public std::streambuf {
   public:
    Narrow() { setp(room_, room_ + sizeof room_); }

   private:
    int sync() override { return -1; }

    char room_[5] = {};
  };

  Narrow narrow;
  std::ostream under(&narrow);
  StdStream out(under);
  EXPECT_EQ(message_of<std::system_error>([&] { out.write("0123456789"); }),
            "the std::ostream took 5 of 10 bytes: Input/output error");
  EXPECT_TRUE(under.bad());
  under.clear();
  EXPECT_EQ(out.write_some("x"), 0U);
  EXPECT_FALSE(out.seekable());
  EXPECT_THROW(out.seek(0), UnsupportedOperation);
  EXPECT_THROW(static_cast<void>(out.tell()), UnsupportedOperation);
  EXPECT_THROW(out.flush(), std::system_error);
  under.clear();
  EXPECT_THROW(out.close(), std::system_error);
  EXPECT_TRUE(out.closed());
  std::ostream without(nullptr);
  StdStream none(without);
  EXPECT_THROW(none.write("x"), std::system_error);
}

// A person at a terminal: what there is, at once, not when the buffer is full.
TEST(StdStream, DoesNotWaitForMoreThanThereIs) {
  class Typing : public std::streambuf {
   private:
    int_type underflow() override {
      if (lines_++ == 3) return traits_type::eof();
      setg(line_, line_, line_ + 5);
      return traits_type::to_int_type(*line_);
    }

    char line_[6] = "line\n";
    int lines_ = 0;
  };

  Typing typing;
  std::istream under(&typing);
  StdStream in(under);
  string room(100, '\0');
  for (int i = 0; i < 3; ++i) EXPECT_EQ(in.readinto(room), 5U);
  EXPECT_EQ(in.readinto(room), 0U);
}

TEST(StdStream, FiltersStandOnIt) {
  std::stringstream memory;
  StdStream stream(memory);
  quire::ostream out(stream);
  out << "text over a Stream over text" << std::flush;
  EXPECT_EQ(memory.str(), "text over a Stream over text");
}

}  // namespace
}  // namespace quire
