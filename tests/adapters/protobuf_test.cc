// Protobuf's streams over ours as protobuf checks its own: every block size, BackUp of every amount, Skip
// across ends, limits; then messages in every form that the library knows, and every failure.
#include "quire/adapters/protobuf.h"

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/gzip_stream.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <google/protobuf/wrappers.pb.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "quire/adapters/gtest.h"
#include "quire/bytes_io.h"
#include "quire/error.h"
#include "quire/file_io.h"
#include "quire/spooled_io.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

namespace pb = google::protobuf;

using std::string;
using test::message_of;
using test::pattern;
using test::TestStream;
using test::text;

class OwnWrites : public BytesIO {
 public:
  using BytesIO::BytesIO;
  using BytesIO::write;

  std::size_t write(ByteSpan data) override {
    ++writes;
    return BytesIO::write(data);
  }

  int writes = 0;
};

/// A kind of stream to stand on.
struct Kind {
  string name;
  std::function<std::unique_ptr<Stream>(const string& data)> make;
};

const std::vector<Kind>& kinds() {
  static const test::TempDirectory directory;
  static const std::vector<Kind> kinds = {
      {"BytesIO", [](const string& data) { return std::make_unique<BytesIO>(Bytes(data)); }},
      {"derived", [](const string& data) { return std::make_unique<OwnWrites>(Bytes(data)); }},
      {"spooled",
       [](const string& data) {
         return std::make_unique<SpooledIO>(Bytes(data), SpooledOptions{.max_size = 1 << 20});
       }},
      {"spooled, goes over",
       [](const string& data) {
         return std::make_unique<SpooledIO>(Bytes(data),
                                            SpooledOptions{.max_size = data.size() + 9});
       }},
      {"rolled over",
       [](const string& data) {
         auto stream = std::make_unique<SpooledIO>(Bytes(data));
         stream->rollover();
         return stream;
       }},
      {"by 1",
       [](const string& data) {
         return std::make_unique<TestStream>(data,
                                             TestStream::Options{.most_a_call = 1, .log = false});
       }},
      {"by 13",
       [](const string& data) {
         return std::make_unique<TestStream>(data,
                                             TestStream::Options{.most_a_call = 13, .log = false});
       }},
      {"file", [](const string& data) {
         auto file = std::make_unique<FileIO>(directory.path() + "/data", "w+");
         file->write(data);
         file->seek(0);
         return file;
       }}};
  return kinds;
}

const std::vector<int> kBlockSizes = {1, 2, 3, 5, 7, 10, 23, 64, INT_MAX};

string content(Stream& stream) {
  stream.seek(0);
  return text(stream.read());
}

/// Goes through `action` for every kind of stream over `data` and every block size.
template <class Action>
void for_each_stream(const string& data, Action action) {
  for (const Kind& kind : kinds()) {
    for (const int block : kBlockSizes) {
      SCOPED_TRACE(kind.name + " in blocks of " + std::to_string(block));
      action(*kind.make(data), block);
      if (testing::Test::HasFailure()) return;
    }
  }
}

// --- input -----------------------------------------------------------------------------------------

/// Walks through all of `data`; every second piece is backed up by `back` bytes, or whole.
void read_backing_up(ProtobufInput& in, const string& data, int back) {
  const void* piece = nullptr;
  int size = 0;
  std::size_t at = 0;
  for (bool turn = false; in.Next(&piece, &size); turn = !turn) {
    ASSERT_GT(size, 0);
    ASSERT_EQ(string(static_cast<const char*>(piece), static_cast<std::size_t>(size)),
              data.substr(at, static_cast<std::size_t>(size)));
    at += static_cast<std::size_t>(size);
    ASSERT_EQ(in.ByteCount(), static_cast<std::int64_t>(at));
    if (!turn) continue;
    const int count = std::min(back, size);
    in.BackUp(count);
    at -= static_cast<std::size_t>(count);
    ASSERT_EQ(in.ByteCount(), static_cast<std::int64_t>(at));
  }
  ASSERT_EQ(at, data.size());
}

TEST(ProtobufInput, GivesAllBytesAndBacksUpByEveryAmount) {
  const string data = pattern(90);
  for_each_stream(data, [&](Stream& stream, int block) {
    for (int back = 0; back <= std::min(block, 24); ++back) {
      stream.seek(0);
      ProtobufInput in(stream, block);
      ASSERT_NO_FATAL_FAILURE(read_backing_up(in, data, back)) << "by " << back;
      EXPECT_EQ(in.stream().tell(), data.size());
      const void* piece = nullptr;
      int size = 0;
      EXPECT_FALSE(in.Next(&piece, &size));
      in.check();
    }
  });
}

TEST(ProtobufInput, SkipsAcrossEndsOfPiecesAndOfTheData) {
  const string data = pattern(40);
  for_each_stream(data, [&](Stream& stream, int block) {
    for (int before = 0; before <= 2; ++before) {
      for (int count = 0; count <= 45; ++count) {
        stream.seek(0);
        ProtobufInput in(stream, block);
        const void* piece = nullptr;
        int size = 0;
        for (int i = 0; i < before; ++i) in.Next(&piece, &size);
        if (before == 2) in.BackUp(std::min(size, 2));
        const std::int64_t at = in.ByteCount();
        ASSERT_EQ(in.Skip(count), at + count <= 40) << at << " + " << count;
        const std::int64_t reached = std::min<std::int64_t>(at + count, 40);
        ASSERT_EQ(in.ByteCount(), reached) << at << " + " << count;
        ASSERT_EQ(in.Next(&piece, &size), reached < 40);
        if (reached < 40) {
          ASSERT_EQ(*static_cast<const char*>(piece), data[static_cast<std::size_t>(reached)]);
          in.BackUp(size);
        }
        ASSERT_EQ(in.stream().tell(), static_cast<std::size_t>(reached));
      }
    }
  });
}

TEST(ProtobufInput, MixesAllCallsAsAModelSays) {
  const string data = pattern(300);
  std::mt19937 random(5);
  const auto up_to = [&](int most) { return std::uniform_int_distribution<int>(0, most)(random); };
  for_each_stream(data, [&](Stream& stream, int block) {
    for (int life = 0; life < 20; ++life) {
      auto at = static_cast<std::size_t>(up_to(300));
      const std::size_t begin = at;
      stream.seek(static_cast<std::ptrdiff_t>(at));
      ProtobufInput in(stream, block);
      int size = 0;
      for (int step = 0; step < 60; ++step) {
        const void* piece = nullptr;
        switch (up_to(5)) {
          case 0:
            in.BackUp(size = up_to(size));
            at -= static_cast<std::size_t>(size);
            size = 0;
            break;
          case 1: {
            const int count = up_to(30);
            ASSERT_EQ(in.Skip(count), at + static_cast<std::size_t>(count) <= 300);
            at = std::min<std::size_t>(at + static_cast<std::size_t>(count), 300);
            size = 0;
            break;
          }
          case 2:
            // Whoever wants the stream in between finds it where it is believed to be.
            ASSERT_EQ(in.stream().tell(), at);
            size = 0;
            break;
          default:
            size = 0;
            ASSERT_EQ(in.Next(&piece, &size), at < 300);
            ASSERT_EQ(string(static_cast<const char*>(piece), static_cast<std::size_t>(size)),
                      data.substr(at, static_cast<std::size_t>(size)));
            at += static_cast<std::size_t>(size);
        }
        ASSERT_EQ(in.ByteCount(), static_cast<std::int64_t>(at - begin));
      }
      in.close();
      ASSERT_EQ(stream.tell(), at);
    }
  });
}

TEST(ProtobufInput, ShowsTheMemoryItself) {
  const Bytes data(pattern(100'000));
  BytesIO stream(data);
  EXPECT_COPIED_AT_MOST(0) {
    for (ProtobufInput* const in :
         {std::make_unique<ProtobufInput>(data).release(), new ProtobufInput(stream)}) {
      const std::unique_ptr<ProtobufInput> owner(in);
      const void* piece = nullptr;
      int size = 0;
      ASSERT_TRUE(in->Next(&piece, &size));
      EXPECT_EQ(piece, data.data());
      EXPECT_EQ(size, 100'000);
    }
  }
}

TEST(ProtobufInput, KeepsTheMemoryOfItsBytes) {
  auto in = std::make_unique<ProtobufInput>(Bytes(pattern(1000)));
  const void* piece = nullptr;
  int size = 0;
  ASSERT_TRUE(in->Next(&piece, &size));
  EXPECT_EQ(string(static_cast<const char*>(piece), 1000), pattern(1000));
}

TEST(ProtobufInput, SeesWhatIsAppendedAtTheEnd) {
  BytesIO stream("one"_b);
  ProtobufInput in(stream);
  const void* piece = nullptr;
  int size = 0;
  ASSERT_TRUE(in.Next(&piece, &size));
  ASSERT_FALSE(in.Next(&piece, &size));
  stream.write(", two");
  stream.seek(3);
  ASSERT_TRUE(in.Next(&piece, &size));
  EXPECT_EQ(string(static_cast<const char*>(piece), static_cast<std::size_t>(size)), ", two");
}

TEST(ProtobufInput, CutsWhatAnIntCannotSay) {
  // Nobody touches the pages: they take no memory.
  const std::size_t size = (std::size_t{1} << 31) + 10;
  void* const memory =
      ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  {
    ProtobufInput in(Bytes(detail::BlockRef(), static_cast<const std::byte*>(memory), size));
    const void* piece = nullptr;
    int count = 0;
    ASSERT_TRUE(in.Next(&piece, &count));
    EXPECT_EQ(count, INT_MAX);
    ASSERT_TRUE(in.Next(&piece, &count));
    EXPECT_EQ(count, 11);
    EXPECT_EQ(in.ByteCount(), static_cast<std::int64_t>(size));
    in.BackUp(11);
    EXPECT_TRUE(in.Skip(11));
    EXPECT_FALSE(in.Skip(1));
  }
  ::munmap(memory, size);
}

TEST(ProtobufInput, AStreamThatCannotSeekIsReadOn) {
  TestStream stream(pattern(100), {.most_a_call = 30, .seekable = false});
  ProtobufInput in(stream);
  const void* piece = nullptr;
  int size = 0;
  ASSERT_TRUE(in.Next(&piece, &size));
  in.BackUp(10);
  EXPECT_TRUE(in.Skip(50));
  EXPECT_EQ(&in.stream(), &stream);
  ASSERT_TRUE(in.Next(&piece, &size));
  EXPECT_EQ(*static_cast<const char*>(piece), pattern(100)[70]);
  EXPECT_FALSE(in.Skip(100));
  EXPECT_EQ(in.ByteCount(), 100);
}

// --- output ----------------------------------------------------------------------------------------

/// Writes all of `data`; every second piece is backed up by `back` bytes, or whole, and one of three is
/// written past the blocks.
void write_backing_up(ProtobufOutput& out, const string& data, int back) {
  std::size_t at = 0;
  for (int turn = 0; at < data.size(); ++turn) {
    if (turn % 3 == 2) {
      const std::size_t count = std::min<std::size_t>(data.size() - at, 11);
      ASSERT_TRUE(out.WriteAliasedRaw(data.data() + at, static_cast<int>(count)));
      at += count;
    } else {
      void* piece = nullptr;
      int size = 0;
      ASSERT_TRUE(out.Next(&piece, &size));
      ASSERT_GT(size, 0);
      const auto left = static_cast<int>(data.size() - at);
      const int count = std::min({left, size, turn % 2 == 0 ? std::max(size - back, 0) : size});
      std::memcpy(piece, data.data() + at, static_cast<std::size_t>(count));
      if (count != size || turn % 5 == 0) out.BackUp(size - count);
      at += static_cast<std::size_t>(count);
    }
    ASSERT_EQ(out.ByteCount(), static_cast<std::int64_t>(at));
  }
}

TEST(ProtobufOutput, WritesAllBytesAndBacksUpByEveryAmount) {
  const string old = pattern(60);
  string data = pattern(150);
  std::reverse(data.begin(), data.end());
  for_each_stream(old, [&](Stream& stream, int block) {
    for (int back = 0; back <= std::min(block, 24); ++back) {
      // Over old bytes and beyond; from the middle of old bytes; behind the end.
      for (const std::size_t start : {0u, 17u, 230u}) {
        stream.truncate(60);
        stream.seek(0);
        stream.write(old);
        stream.seek(static_cast<std::ptrdiff_t>(start));
        ProtobufOutput out(stream, block);
        ASSERT_NO_FATAL_FAILURE(write_backing_up(out, data, back));
        ASSERT_EQ(out.stream().tell(), start + data.size());
        string expected = old;
        expected.resize(std::max(old.size(), start));
        expected.replace(start, data.size(), data);
        ASSERT_EQ(content(stream), expected) << "from " << start << ", back by " << back;
      }
    }
  });
}

TEST(ProtobufOutput, ABlockThatIsNotBackedUpIsWritten) {
  BytesIO stream;
  {
    ProtobufOutput out(stream, 8);
    void* piece = nullptr;
    int size = 0;
    ASSERT_TRUE(out.Next(&piece, &size));
    std::memcpy(piece, "12345678", 8);
    EXPECT_EQ(stream.size(), 0u);
  }
  EXPECT_EQ(stream.getvalue(), "12345678"_b);
}

TEST(ProtobufOutput, ABytesIOHasAllWhenProtobufIsDone) {
  BytesIO stream;
  ProtobufOutput out(stream);
  pb::StringValue message;
  message.set_value("here");
  ASSERT_TRUE(message.SerializeToZeroCopyStream(&out));
  EXPECT_EQ(stream.getvalue(), message.SerializeAsString());
  EXPECT_EQ(stream.tell(), stream.size());
}

TEST(ProtobufOutput, WhatASnapshotShowsStaysAsItIs) {
  BytesIO stream(pattern(500));
  const Bytes before = stream.getvalue();
  ProtobufOutput out(stream);
  void* piece = nullptr;
  int size = 0;
  ASSERT_TRUE(out.Next(&piece, &size));
  std::memset(piece, '!', static_cast<std::size_t>(size));
  out.close();
  EXPECT_EQ(text(before), pattern(500));
  EXPECT_EQ(text(stream.getvalue()).substr(0, 500), string(500, '!'));
}

TEST(ProtobufOutput, ADerivedClassIsAsked) {
  OwnWrites stream;
  pb::StringValue message;
  message.set_value("through write()");
  ProtobufOutput out(stream);
  message.SerializeToZeroCopyStream(&out);
  out.flush();
  EXPECT_EQ(stream.writes, 1);
  EXPECT_EQ(stream.getvalue(), message.SerializeAsString());
}

// --- messages --------------------------------------------------------------------------------------

/// Real data: what protobuf knows of its own messages.
const pb::FileDescriptorSet& descriptors() {
  static const pb::FileDescriptorSet set = [] {
    pb::FileDescriptorSet files;
    for (const pb::Descriptor* type :
         {pb::FileDescriptorSet::descriptor(), pb::Timestamp::descriptor(),
          pb::StringValue::descriptor()}) {
      type->file()->CopyTo(files.add_file());
    }
    return files;
  }();
  return set;
}

TEST(ProtobufMessages, GoThroughEveryKindOfStream) {
  const string expected = descriptors().SerializeAsString();
  ASSERT_GT(expected.size(), 5000u);
  for_each_stream("", [&](Stream& stream, int block) {
    ProtobufOutput out(stream, block);
    ASSERT_TRUE(descriptors().SerializeToZeroCopyStream(&out));
    EXPECT_EQ(out.ByteCount(), std::ssize(expected));
    out.close();
    ASSERT_EQ(content(stream), expected);
    stream.seek(0);
    ProtobufInput in(stream, block);
    pb::FileDescriptorSet read;
    ASSERT_TRUE(read.ParseFromZeroCopyStream(&in));
    EXPECT_EQ(read.SerializeAsString(), expected);
  });
}

TEST(ProtobufMessages, AreCopiedByNobodyButProtobuf) {
  BytesIO stream;
  const std::size_t size = descriptors().ByteSizeLong();
  stream.reserve(size + 100);
  EXPECT_COPIED_AT_MOST(size) {
    ProtobufOutput out(stream);
    ASSERT_TRUE(descriptors().SerializeToZeroCopyStream(&out));
  }
  EXPECT_COPIED_AT_MOST(0) {
    ProtobufInput in(stream.getvalue());
    pb::FileDescriptorSet read;
    ASSERT_TRUE(read.ParseFromZeroCopyStream(&in));
    EXPECT_EQ(read.ByteSizeLong(), size);
  }
}

TEST(ProtobufMessages, StandBesideOtherThingsInAStream) {
  for_each_stream("", [&](Stream& stream, int block) {
    const auto put = [&](const string& value) {
      pb::StringValue message;
      message.set_value(value);
      ProtobufOutput out(stream, block);
      ASSERT_TRUE(pb::util::SerializeDelimitedToZeroCopyStream(message, &out));
      out.close();
    };
    put("first");
    stream.write("a line\n");
    put(pattern(1000));
    stream.write("another\n");
    stream.seek(0);
    const auto get = [&] {
      pb::StringValue message;
      ProtobufInput in(stream, block);
      bool clean_eof = true;
      EXPECT_TRUE(pb::util::ParseDelimitedFromZeroCopyStream(&message, &in, &clean_eof));
      EXPECT_FALSE(clean_eof);
      return message.value();
    };
    EXPECT_EQ(get(), "first");
    EXPECT_EQ(text(stream.readline()), "a line\n");
    EXPECT_EQ(get(), pattern(1000));
    EXPECT_EQ(text(stream.read()), "another\n");
  });
}

TEST(ProtobufMessages, DelimitedOnesEndCleanly) {
  for_each_stream("", [&](Stream& stream, int block) {
    {
      ProtobufOutput out(stream, block);
      for (int i = 0; i < 100; ++i) {
        pb::Int64Value message;
        message.set_value(std::int64_t{1} << (i % 63));
        ASSERT_TRUE(pb::util::SerializeDelimitedToZeroCopyStream(message, &out));
      }
    }
    stream.seek(0);
    ProtobufInput in(stream, block);
    pb::Int64Value message;
    bool clean_eof = false;
    int count = 0;
    while (pb::util::ParseDelimitedFromZeroCopyStream(&message, &in, &clean_eof)) {
      ASSERT_EQ(message.value(), std::int64_t{1} << (count++ % 63));
    }
    EXPECT_EQ(count, 100);
    EXPECT_TRUE(clean_eof);
  });
}

TEST(ProtobufMessages, CodedStreamsReadAndWriteNumbersAndKeepLimits) {
  for_each_stream("", [&](Stream& stream, int block) {
    ProtobufOutput out(stream, block);
    {
      pb::io::CodedOutputStream coded(&out);
      for (std::uint64_t i = 0; i < 64; ++i) coded.WriteVarint64(std::uint64_t{1} << i);
      coded.WriteLittleEndian32(0xdeadbeef);
      coded.WriteLittleEndian64(0x0123456789abcdef);
      coded.WriteString(pattern(333));
      EXPECT_FALSE(coded.HadError());
    }
    EXPECT_EQ(out.stream().tell(), static_cast<std::size_t>(out.ByteCount()));
    stream.seek(0);
    ProtobufInput in(stream, block);
    {
      pb::io::CodedInputStream coded(&in);
      for (std::uint64_t i = 0; i < 64; ++i) {
        std::uint64_t value = 0;
        ASSERT_TRUE(coded.ReadVarint64(&value));
        ASSERT_EQ(value, std::uint64_t{1} << i);
      }
      std::uint32_t word = 0;
      std::uint64_t long_word = 0;
      ASSERT_TRUE(coded.ReadLittleEndian32(&word));
      ASSERT_TRUE(coded.ReadLittleEndian64(&long_word));
      EXPECT_EQ(word, 0xdeadbeef);
      EXPECT_EQ(long_word, 0x0123456789abcdefu);
      // A limit in the middle of a string, across blocks.
      const auto limit = coded.PushLimit(100);
      string part;
      EXPECT_FALSE(coded.ReadString(&part, 101));
      coded.PopLimit(limit);
    }
  });
}

TEST(ProtobufMessages, ACodedStreamGivesBackWhatItHasNotRead) {
  for_each_stream(pattern(200), [&](Stream& stream, int block) {
    stream.seek(0);
    ProtobufInput in(stream, block);
    {
      pb::io::CodedInputStream coded(&in);
      const auto limit = coded.PushLimit(70);
      string part;
      ASSERT_TRUE(coded.ReadString(&part, 50));
      EXPECT_EQ(part, pattern(200).substr(0, 50));
      EXPECT_EQ(coded.BytesUntilLimit(), 20);
      ASSERT_TRUE(coded.Skip(20));
      char beyond = 0;
      EXPECT_FALSE(coded.ReadRaw(&beyond, 1));
      coded.PopLimit(limit);
      ASSERT_TRUE(coded.ReadRaw(&beyond, 1));
      EXPECT_EQ(beyond, pattern(200)[70]);
    }
    EXPECT_EQ(in.ByteCount(), 71);
    EXPECT_EQ(in.stream().tell(), 71u);
  });
}

TEST(ProtobufMessages, ATotalLimitIsKept) {
  BytesIO stream(Bytes(pattern(100)));
  ProtobufInput in(stream);
  {
    pb::io::CodedInputStream coded(&in);
    coded.SetTotalBytesLimit(30);
    string part;
    EXPECT_TRUE(coded.ReadString(&part, 30));
    EXPECT_FALSE(coded.ReadString(&part, 1));
  }
  EXPECT_EQ(in.stream().tell(), 30u);
}

TEST(ProtobufMessages, LongStringsGoPastTheBufferWithAliasing) {
  TestStream stream;
  pb::BytesValue message;
  message.set_value(pattern(100'000));
  ProtobufOutput out(stream);
  {
    pb::io::CodedOutputStream coded(&out);
    coded.EnableAliasing(true);
    ASSERT_TRUE(message.SerializeToCodedStream(&coded));
  }
  out.close();
  EXPECT_EQ(stream.data(), message.SerializeAsString());
  EXPECT_EQ(stream.take_log(), "w4 w100000 f");
}

TEST(ProtobufMessages, PassThroughTextFormat) {
  string expected;
  pb::TextFormat::PrintToString(descriptors(), &expected);
  for_each_stream("", [&](Stream& stream, int block) {
    ProtobufOutput out(stream, block);
    ASSERT_TRUE(pb::TextFormat::Print(descriptors(), &out));
    out.close();
    ASSERT_EQ(content(stream), expected);
    stream.seek(0);
    ProtobufInput in(stream, block);
    pb::FileDescriptorSet read;
    ASSERT_TRUE(pb::TextFormat::Parse(&in, &read));
    EXPECT_EQ(read.SerializeAsString(), descriptors().SerializeAsString());
  });
}

TEST(ProtobufMessages, PassThroughProtobufsOwnGzip) {
  for_each_stream("", [&](Stream& stream, int block) {
    ProtobufOutput out(stream, block);
    {
      pb::io::GzipOutputStream gzip(&out);
      ASSERT_TRUE(descriptors().SerializeToZeroCopyStream(&gzip));
      ASSERT_TRUE(gzip.Close());
    }
    out.stream().seek(0);
    ProtobufInput in(stream, block);
    pb::io::GzipInputStream gzip(&in);
    pb::FileDescriptorSet read;
    ASSERT_TRUE(read.ParseFromZeroCopyStream(&gzip));
    EXPECT_EQ(read.SerializeAsString(), descriptors().SerializeAsString());
  });
}

// --- errors ----------------------------------------------------------------------------------------

/// What close() has to say.
template <class Error, class Adapter>
string told_at_the_end(Adapter& adapter) {
  EXPECT_EQ(message_of<Error>([&] { adapter.check(); }),
            message_of<Error>([&] { static_cast<void>(adapter.stream()); }));
  return message_of<Error>([&] { adapter.close(); });
}

TEST(ProtobufErrors, AFailureToReadIsKeptForGood) {
  TestStream stream(descriptors().SerializeAsString(), {.most_a_call = 100, .fail_read_at = 1000});
  ProtobufInput in(stream);
  pb::FileDescriptorSet read;
  EXPECT_FALSE(read.ParseFromZeroCopyStream(&in));
  stream.options.fail_read_at = npos;
  const void* piece = nullptr;
  int size = 0;
  EXPECT_FALSE(in.Next(&piece, &size));
  EXPECT_FALSE(in.Skip(1));
  EXPECT_EQ(in.ByteCount(), 1000);
  EXPECT_EQ(told_at_the_end<std::system_error>(in), "test stream: Input/output error");
  in.close();  // and nothing more
}

TEST(ProtobufErrors, ATruncatedMessageIsNoFailureOfTheStream) {
  const string whole = descriptors().SerializeAsString();
  ProtobufInput in(Bytes(whole).slice(0, -1));
  pb::FileDescriptorSet read;
  EXPECT_FALSE(read.ParseFromZeroCopyStream(&in));
  in.check();
  in.close();
}

TEST(ProtobufErrors, ADelimitedMessageThatIsCutIsNoCleanEnd) {
  pb::StringValue message;
  message.set_value(pattern(50));
  BytesIO stream;
  {
    ProtobufOutput out(stream);
    pb::util::SerializeDelimitedToZeroCopyStream(message, &out);
  }
  for (std::size_t size = 1; size < stream.size(); ++size) {
    ProtobufInput in(stream.getvalue().slice(0, size));
    bool clean_eof = true;
    ASSERT_FALSE(pb::util::ParseDelimitedFromZeroCopyStream(&message, &in, &clean_eof)) << size;
    ASSERT_FALSE(clean_eof) << size;
  }
}

TEST(ProtobufErrors, AFailureToWriteIsKeptForGood) {
  TestStream stream("", {.fail_write_at = 40'000});
  ProtobufOutput out(stream);
  pb::BytesValue message;
  message.set_value(pattern(100'000));
  EXPECT_FALSE(message.SerializeToZeroCopyStream(&out));
  stream.options.fail_write_at = npos;
  void* piece = nullptr;
  int size = 0;
  EXPECT_FALSE(out.Next(&piece, &size));
  EXPECT_FALSE(out.WriteAliasedRaw("x", 1));
  EXPECT_EQ(told_at_the_end<std::system_error>(out), "test stream: No space left on device");
  EXPECT_EQ(stream.data().size(), 40'000u);
}

TEST(ProtobufErrors, AFailureOfTheLastWriteIsThatOfClose) {
  TestStream stream("", {.fail_write_at = 0});
  ProtobufOutput out(stream);
  pb::StringValue message;
  message.set_value("short");
  EXPECT_TRUE(message.SerializeToZeroCopyStream(&out));
  EXPECT_EQ(message_of<std::system_error>([&] { out.close(); }),
            "test stream: No space left on device");
  TestStream full("", {.full_at = 3});
  ProtobufOutput too_much(full);
  EXPECT_TRUE(message.SerializeToZeroCopyStream(&too_much));
  EXPECT_EQ(message_of<std::system_error>([&] { too_much.flush(); }),
            "the stream takes no more: No space left on device");
}

TEST(ProtobufErrors, AStreamThatIsFullTakesWhatFits) {
  std::array<std::byte, 8> memory{};
  pb::StringValue message;
  message.set_value("more than eight bytes, and more than protobuf's own slop");
  for (const WhenFull when_full : {WhenFull::Throw, WhenFull::Short}) {
    BytesIO fixed = BytesIO::over(memory, when_full);
    ProtobufOutput out(fixed);
    EXPECT_FALSE(message.SerializeToZeroCopyStream(&out));
    EXPECT_EQ(fixed.size(), 8u);
    if (when_full == WhenFull::Throw) {
      EXPECT_EQ(told_at_the_end<std::length_error>(out),
                "the fixed buffer of 8 bytes is full: 9 bytes needed");
    } else {
      EXPECT_EQ(told_at_the_end<std::system_error>(out),
                "the stream takes no more: No space left on device");
    }
  }
  BytesIO limited(StorageOptions{.size_limit = 20});
  ProtobufOutput out(limited);
  EXPECT_FALSE(message.SerializeToZeroCopyStream(&out));
  EXPECT_EQ(limited.size(), 20u);
  EXPECT_EQ(told_at_the_end<std::length_error>(out),
            "new buffer size too large (21 bytes, the stream's size_limit is 20)");
}

TEST(ProtobufErrors, AStreamThatWasChangedMeanwhileIsLeftAlone) {
  BytesIO stream;
  ProtobufOutput out(stream);
  void* piece = nullptr;
  int size = 0;
  ASSERT_TRUE(out.Next(&piece, &size));
  stream.write("somebody else");
  out.BackUp(size - 4);
  EXPECT_NE(message_of<BufferError>([&] { out.close(); }), "nothing thrown");
  EXPECT_EQ(stream.getvalue(), "somebody else"_b);
}

TEST(ProtobufErrors, CallsThatMakeNoSenseAreNamed) {
  const auto message = [](auto call) {
    BytesIO stream(Bytes(pattern(30)));
    ProtobufInput in(stream, 10);
    ProtobufOutput out(stream, 10);
    const void* piece = nullptr;
    int size = 0;
    in.Next(&piece, &size);
    call(in, out);
    return message_of<std::invalid_argument>([&] {
      in.close();
      out.close();
    });
  };
  EXPECT_EQ(message([](auto& in, auto&) { in.BackUp(11); }),
            "BackUp of 11 bytes, the last Next() gave 10");
  EXPECT_EQ(message([](auto& in, auto&) { in.BackUp(-1); }),
            "BackUp of -1 bytes, the last Next() gave 10");
  EXPECT_EQ(message([](auto& in, auto&) {
              in.BackUp(1);
              in.BackUp(1);
            }),
            "BackUp of 1 bytes, the last Next() gave 0");
  EXPECT_EQ(message([](auto& in, auto&) { in.Skip(-3); }), "Skip of -3 bytes");
  EXPECT_EQ(message([](auto&, auto& out) { out.BackUp(1); }),
            "BackUp of 1 bytes, the last Next() gave 0");
}

TEST(ProtobufErrors, StreamsThatCannotAreRefused) {
  TestStream neither("", {.readable = false, .writable = false});
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { ProtobufInput in(neither); }), "read");
  EXPECT_EQ(message_of<UnsupportedOperation>([&] { ProtobufOutput out(neither); }), "write");
  EXPECT_EQ(message_of<std::invalid_argument>([] { ProtobufInput in{StreamHandle()}; }),
            "there is no stream to read");
  EXPECT_EQ(message_of<std::invalid_argument>([] { ProtobufOutput out{StreamHandle()}; }),
            "there is no stream to write to");
  EXPECT_EQ(message_of<std::invalid_argument>([] { ProtobufInput in(Bytes(), 0); }),
            "a block size of 0");
  BytesIO closed;
  closed.close();
  EXPECT_THROW(ProtobufInput in(closed), ClosedError);
  EXPECT_THROW(ProtobufOutput out(closed), ClosedError);
}

TEST(ProtobufErrors, AfterCloseThereIsNoStream) {
  BytesIO stream(Bytes("data"_b));
  ProtobufInput in(stream);
  ProtobufOutput out(stream);
  in.close();
  out.close();
  const void* piece = nullptr;
  void* room = nullptr;
  int size = 0;
  EXPECT_FALSE(in.Next(&piece, &size));
  EXPECT_FALSE(out.Next(&room, &size));
  EXPECT_THROW(in.check(), ClosedError);
  EXPECT_THROW(static_cast<void>(out.stream()), ClosedError);
  EXPECT_FALSE(stream.closed());
}

TEST(ProtobufErrors, AnOwnedStreamIsClosedAndItsFailureTold) {
  bool closed = false;

  class Told : public TestStream {
   public:
    explicit Told(bool& closed) : TestStream("", {.fail_close = true}), closed_(&closed) {}

    void close() override {
      *closed_ = true;
      TestStream::close();
    }

   private:
    bool* closed_;
  };

  ProtobufOutput out(std::make_unique<Told>(closed));
  EXPECT_EQ(message_of<std::system_error>([&] { out.close(); }), "test stream: Input/output error");
  EXPECT_TRUE(closed);
}

}  // namespace
}  // namespace quire
