// Every allocation of BytesIO failing in turn: the stream is as it was, and so is what was taken
// from it. A fixed buffer, and a one-block life.
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "support/allocation_failure.h"

namespace quire {
namespace {

using std::string;
using test::AllocationBudget;

string text(ByteSpan bytes) {
  return string(bytes.as_chars());
}

constexpr std::string_view kHundred =
    "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123"
    "456"
    "789";

const string kContent = "first line\nsecond line\nthird";

/// A stream in one of its states, with what hangs on it.
struct Subject {
  BytesIO stream;
  Bytes snapshot;
  std::vector<MutableMemoryView> views;
};

Subject alone() {
  Subject s{BytesIO(kContent), {}, {}};
  s.stream.seek(5);
  return s;
}

Subject shared() {
  Subject s = alone();
  s.snapshot = s.stream.getvalue();
  return s;
}

Subject shared_after_a_cost() {
  Subject s = shared();
  s.stream.write_at(0, "f");
  s.snapshot = s.stream.getvalue();
  return s;
}

Subject viewed() {
  Subject s = alone();
  s.views.push_back(s.stream.getbuffer());
  return s;
}

Subject adopted() {
  Subject s{BytesIO::adopt(string(kContent)), {}, {}};
  s.stream.seek(5);
  return s;
}

Subject of_static_memory() {
  Subject s{BytesIO(Bytes(detail::BlockRef(), reinterpret_cast<const std::byte*>(kContent.data()),
                          kContent.size())),
            {},
            {}};
  s.stream.seek(5);
  return s;
}

void expect_unchanged(const Subject& s) {
  EXPECT_EQ(s.stream.tell(), 5u);
  EXPECT_EQ(text(s.stream.getvalue()), kContent);
  if (!s.snapshot.empty()) {
    EXPECT_EQ(text(s.snapshot), kContent);
  }
}

TEST(BytesIOAllocation, EveryFailureLeavesTheStreamAsItWas) {
  const string long_text(100000, 'L');
  const std::vector<std::pair<const char*, std::function<void(Subject&)>>> operations = {
      {"read", [](Subject& s) { (void)s.stream.read(10); }},
      {"readline", [](Subject& s) { (void)s.stream.readline(); }},
      {"readlines", [](Subject& s) { (void)s.stream.readlines(); }},
      {"read_at", [](Subject& s) { (void)s.stream.read_at(3, 5); }},
      {"peek", [](Subject& s) { (void)s.stream.peek(5); }},
      {"write", [](Subject& s) { s.stream.write("x"); }},
      {"write more", [&](Subject& s) { s.stream.write(long_text); }},
      {"write_at", [&](Subject& s) { s.stream.write_at(500, long_text); }},
      {"write own", [](Subject& s) { s.stream.write(s.stream.getvalue()); }},
      {"getvalue", [](Subject& s) { (void)s.stream.getvalue(); }},
      {"getbuffer", [](Subject& s) { (void)s.stream.getbuffer(); }},
      {"slice", [](Subject& s) { (void)s.stream.slice(2, 7); }},
      {"reader", [](Subject& s) { (void)s.stream.reader(); }},
      {"clone", [](Subject& s) { (void)s.stream.clone(); }},
      {"reserve", [](Subject& s) { s.stream.reserve(100000); }},
      {"resize", [](Subject& s) { s.stream.resize(100000); }},
      {"compact", [](Subject& s) { s.stream.compact(); }},
  };
  const std::vector<std::pair<const char*, Subject (*)()>> states = {
      {"alone", alone},   {"shared", shared},   {"shared after a cost", shared_after_a_cost},
      {"viewed", viewed}, {"adopted", adopted}, {"static", of_static_memory}};
  EXPECT_GE(test::fail_each_allocation(states, operations, expect_unchanged), 40u);
}

TEST(BytesIOAllocation, TruncateClearSeekAndCloseNeedNone) {
  Subject s = shared();
  BytesIO other("other");
  const AllocationBudget none(0);
  s.stream.truncate(3);
  s.stream.seek(100);
  s.stream.clear();
  BytesIO moved(std::move(s.stream));
  moved = std::move(other);
  moved.close();
}

TEST(BytesIOAllocation, FixedBufferNeverAllocates) {
  std::array<std::byte, 64> memory{};
  std::array<char, 16> target{};
  bool refused = false;
  {
    const AllocationBudget none(0);
    BytesIO f = BytesIO::over(memory, WhenFull::Short);
    f.write("0123456789");
    f.seek(2);
    f.write("abc");
    f.seek(20);
    f.write("gap");
    f.seek(0);
    f.readinto(target);
    f.write_at(1, "z");
    f.truncate(12);
    f.resize(30);
    (void)f.find("gap");
    {
      MutableMemoryView view = f.getbuffer();
      view[0] = std::byte{'V'};
      (void)view.size();
    }
    f.clear();
    f.write(ByteSpan(target));
    refused = f.write(kHundred) < kHundred.size();
  }
  EXPECT_TRUE(refused);
}

TEST(BytesIOAllocation, SmallLifeTakesOneAllocation) {
  const string data(100, 'x');
  std::size_t size = 0;
  {
    const AllocationBudget one(1);
    BytesIO f;
    f.write(data);
    size = f.getvalue().size();
  }
  EXPECT_EQ(size, 100u);
  EXPECT_EQ(test::allocations_asked, 1u);
}

TEST(BytesIOAllocation, SharingNeedsNone) {
  BytesIO f(kContent);
  const AllocationBudget none(0);
  const Bytes value = f.getvalue();
  const Bytes part = f.read(4);
  const Bytes line = f.readline();
  const Bytes slice = f.slice(-3);
  const Bytes again = value.slice(2, 8);
  BytesIO r = f.reader();
  BytesIO c = f.clone();
  f.write_at(kContent.size() - 1, "");
}

}  // namespace
}  // namespace quire
