// Bytes: what shares memory and what does not, who frees it, files, searching at every size, and how
// bytes meet C++.
#include "quire/bytes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <new>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "quire/byte_array.h"
#include "quire/error.h"
#include "support/allocation_failure.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using std::string_view;
using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;
using test::AllocationBudget;
using test::message_of;
using test::pattern;
using test::text;

static_assert(sizeof(Bytes) == 24);
static_assert(std::is_nothrow_default_constructible_v<Bytes>);
static_assert(std::is_nothrow_copy_constructible_v<Bytes>);
static_assert(std::is_nothrow_copy_assignable_v<Bytes>);
static_assert(std::is_nothrow_move_constructible_v<Bytes>);
static_assert(std::is_nothrow_move_assignable_v<Bytes>);
static_assert(std::is_nothrow_destructible_v<Bytes>);
static_assert(std::is_nothrow_swappable_v<Bytes>);
static_assert(noexcept(std::declval<const Bytes&>().slice(1, -1)));
static_assert(noexcept("literal"_b));
static_assert(std::is_convertible_v<const Bytes&, string_view>);
static_assert(std::is_convertible_v<const Bytes&, ByteSpan>);
static_assert(!std::is_convertible_v<string, Bytes>, "copying must be asked for");

/// Bytes between the beginnings of two handles.
std::ptrdiff_t distance(const Bytes& from, const Bytes& to) {
  return to.data() - from.data();
}

std::uint64_t owners(const Bytes& bytes) {
  return bytes.block()->owner_count();
}

// --- sharing -------------------------------------------------------------------------------------

TEST(Bytes, EmptyOnesHoldNoBlock) {
  const Bytes content("some content");
  const std::vector<std::pair<const char*, Bytes>> all = {
      {"default", Bytes()},
      {"of nothing", Bytes("")},
      {"no fill", Bytes(0, std::byte{1})},
      {"literal", ""_b},
      {"adopted string", Bytes::adopt(string())},
      {"adopted vector", Bytes::adopt(std::vector<int>())},
      {"slice", content.slice(4, 4)},
      {"slice behind the end", content.slice(100)},
      {"stepped slice", content.slice(4, 4, 2)},
      {"strip", Bytes("  ").strip()},
      {"removeprefix", content.removeprefix("some content")},
      {"partition", content.partition("|")[1]},
      {"repeat", content * 0},
      {"replace", Bytes("aa").replace("a", "")},
      {"join", content.join({})},
      {"fromhex", Bytes::fromhex(" ")},
  };
  for (const auto& [how, bytes] : all) {
    EXPECT_TRUE(bytes.empty()) << how;
    EXPECT_EQ(bytes.block(), nullptr) << how;
    EXPECT_EQ(bytes.retained_bytes(), 0u) << how;
    EXPECT_EQ(bytes.begin(), bytes.end()) << how;
  }
  EXPECT_EQ(owners(content), 1u);
}

TEST(Bytes, LiteralsNeedNoMemory) {
  static constexpr char kText[] = "not\0copied";
  const AllocationBudget none(0);
  const Bytes bytes = operator""_b(kText, sizeof(kText) - 1);
  const Bytes copy = bytes;  // NOLINT(performance-unnecessary-copy-initialization)
  const Bytes part = copy.slice(4);
  EXPECT_EQ(static_cast<const void*>(bytes.data()), kText);
  EXPECT_EQ(copy.data(), bytes.data());
  EXPECT_EQ(part, "copied");
  EXPECT_EQ(part.block(), nullptr);
  EXPECT_EQ(part.retained_bytes(), 0u);
  EXPECT_EQ(test::allocations_asked, 0u);
}

TEST(Bytes, LiteralsKeepTheirNuls) {
  EXPECT_EQ("a\0b\0"_b.size(), 4u);
  EXPECT_EQ(Bytes("a\0b\0"), "a\0b\0"_b);
}

TEST(Bytes, CopiesOfTheCallersMemoryAreCounted) {
  string mine = "mine";
  const Ledger before = thread_ledger();
  const Bytes bytes(mine);
  EXPECT_EQ((thread_ledger() - before).copied_for(CopyReason::Caller), 4u);
  EXPECT_EQ((thread_ledger() - before).copied_total(), 4u);
  mine[0] = 'M';
  EXPECT_EQ(bytes, "mine");
}

TEST(Bytes, CopiesAndMovesShareOneBlock) {
  Bytes first("shared by all");
  const std::byte* const where = first.data();
  const Ledger before = thread_ledger();
  {
    Bytes second = first;
    EXPECT_EQ(owners(first), 2u);
    EXPECT_EQ(second.data(), where);
    Bytes third;
    third = second;
    EXPECT_EQ(owners(first), 3u);
    third = std::move(second);
    EXPECT_EQ(owners(first), 2u);
    EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(second.block(), nullptr);
    EXPECT_EQ(third.data(), where);
  }
  EXPECT_EQ(owners(first), 1u);
  Bytes other("other");
  first.swap(other);
  EXPECT_EQ(other.data(), where);
  EXPECT_EQ(first, "other");
  EXPECT_EQ((thread_ledger() - before).copied_total(), 5u);
}

TEST(Bytes, SurvivesAssignmentToItself) {
  Bytes bytes("itself");
  Bytes& same = bytes;
  bytes = same;
  EXPECT_EQ(bytes, "itself");
  bytes = std::move(same);
  EXPECT_EQ(bytes, "itself");
  bytes = bytes.slice(2);
  EXPECT_EQ(bytes, "self");
  EXPECT_EQ(owners(bytes), 1u);
}

TEST(Bytes, PartsShareMemoryWithTheWhole) {
  const Bytes all("  key = some value\n");
  const Ledger before = thread_ledger();
  struct Part {
    const char* how;
    Bytes bytes;
    std::ptrdiff_t offset;
    const char* expected;
  };
  const auto partition = all.partition(" = ");
  const auto rpartition = all.rpartition(" ");
  const auto split = all.split();
  const auto split_at = all.split("=", 1);
  const auto rsplit = all.rsplit(" ", 1);
  const auto lines = all.splitlines(true);
  const std::vector<Part> parts = {
      {"slice", all.slice(2, 5), 2, "key"},
      {"slice from the end", all.slice(-6), 13, "value\n"},
      {"slice of step 1", all.slice(2, 5, 1), 2, "key"},
      {"slice of a slice", all.slice(2).slice(6, 10), 8, "some"},
      {"strip", all.strip(), 2, "key = some value"},
      {"lstrip", all.lstrip(), 2, "key = some value\n"},
      {"rstrip", all.rstrip(), 0, "  key = some value"},
      {"removeprefix", all.removeprefix("  "), 2, "key = some value\n"},
      {"removesuffix", all.removesuffix("\n"), 0, "  key = some value"},
      {"removesuffix of what is not there", all.removesuffix("x"), 0, "  key = some value\n"},
      {"partition before", partition[0], 0, "  key"},
      {"partition separator", partition[1], 5, " = "},
      {"partition after", partition[2], 8, "some value\n"},
      {"rpartition before", rpartition[0], 0, "  key = some"},
      {"rpartition after", rpartition[2], 13, "value\n"},
      {"split", split.at(2), 8, "some"},
      {"split at", split_at.at(1), 7, " some value\n"},
      {"rsplit", rsplit.at(1), 13, "value\n"},
      {"splitlines", lines.at(0), 0, "  key = some value\n"},
  };
  for (const Part& part : parts) {
    EXPECT_EQ(part.bytes, string_view(part.expected)) << part.how;
    EXPECT_EQ(distance(all, part.bytes), part.offset) << part.how;
    EXPECT_EQ(part.bytes.block(), all.block()) << part.how;
  }
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
  // The handles in `parts` come on top of the containers that they were copied from.
  const std::size_t held = 1 + parts.size() + 3 + 3 + split.size() + 2 + 2 + 1;
  EXPECT_EQ(owners(all), held);
}

TEST(Bytes, PartKeepsTheWholeAlive) {
  Bytes all(pattern(5000));
  const Bytes part = all.slice(4000, 4010);
  all = Bytes();
  EXPECT_EQ(part, string_view(pattern(5000)).substr(4000, 10));
  EXPECT_EQ(owners(part), 1u);
  EXPECT_EQ(part.retained_bytes(), 5000u);
}

// --- slices --------------------------------------------------------------------------------------

const std::vector<std::optional<std::ptrdiff_t>> kBounds = {
    std::nullopt, 0, 1, 2, 5, 6, 7, 100, -1, -2, -5, -6, -7, -100, PTRDIFF_MAX, PTRDIFF_MIN};

SliceBound bound(std::optional<std::ptrdiff_t> value) {
  return value ? SliceBound(*value) : SliceBound(std::nullopt);
}

string show(std::optional<std::ptrdiff_t> value) {
  return value ? std::to_string(*value) : "";
}

/// What a bound left out or given means to substr.
std::size_t offset_of(std::optional<std::ptrdiff_t> value, std::size_t size, std::size_t omitted) {
  if (!value) return omitted;
  if (*value >= 0) return std::min(static_cast<std::size_t>(*value), size);
  return *value < -static_cast<std::ptrdiff_t>(size)
             ? 0
             : size - static_cast<std::size_t>(-(*value + 1)) - 1;
}

TEST(Bytes, SlicesAsSubstrDoes) {
  for (const string& all : {string(), string("x"), string("012345")}) {
    const Bytes bytes(all);
    for (const auto start : kBounds) {
      for (const auto stop : kBounds) {
        const std::size_t from = offset_of(start, all.size(), 0);
        const std::size_t to = offset_of(stop, all.size(), all.size());
        const string expected = to > from ? all.substr(from, to - from) : "";
        EXPECT_EQ(text(bytes.slice(bound(start), bound(stop))), expected)
            << all << "[" << show(start) << ":" << show(stop) << "]";
      }
    }
  }
}

TEST(Bytes, SlicesWithStepsAsALoopDoes) {
  const string all = "012345";
  const auto size = static_cast<std::ptrdiff_t>(all.size());
  const Bytes bytes(all);
  for (const std::ptrdiff_t step :
       {std::ptrdiff_t{1}, std::ptrdiff_t{2}, std::ptrdiff_t{3}, std::ptrdiff_t{7},
        std::ptrdiff_t{-1}, std::ptrdiff_t{-2}, std::ptrdiff_t{-7}, PTRDIFF_MAX, PTRDIFF_MIN}) {
    for (const auto start : kBounds) {
      for (const auto stop : kBounds) {
        const std::ptrdiff_t low = step > 0 ? 0 : -1;
        const std::ptrdiff_t high = step > 0 ? size : size - 1;
        const auto clamped = [&](std::optional<std::ptrdiff_t> value, std::ptrdiff_t omitted) {
          return value ? std::clamp(*value < 0 ? *value + size : *value, low, high) : omitted;
        };
        const std::ptrdiff_t to = clamped(stop, step > 0 ? high : low);
        string expected;
        for (std::ptrdiff_t i = clamped(start, step > 0 ? low : high);
             step > 0 ? i < to : i > to;) {
          expected += all[static_cast<std::size_t>(i)];
          if (step > size || step < -size) break;
          i += step;
        }
        EXPECT_EQ(text(bytes.slice(bound(start), bound(stop), step)), expected)
            << "[" << show(start) << ":" << show(stop) << ":" << step << "]";
      }
    }
  }
}

TEST(Bytes, StepOfZeroIsRefused) {
  const Bytes bytes("abc");
  EXPECT_EQ(
      message_of<std::invalid_argument>([&] { (void)bytes.slice(std::nullopt, std::nullopt, 0); }),
      "slice step cannot be zero");
}

TEST(Bytes, SteppedSlicesAreCopies) {
  const Bytes bytes("012345");
  const Ledger before = thread_ledger();
  const Bytes reversed = bytes.slice(std::nullopt, std::nullopt, -1);
  EXPECT_EQ(reversed, "543210");
  EXPECT_NE(reversed.block(), bytes.block());
  EXPECT_EQ((thread_ledger() - before).copied_for(CopyReason::GetValue), 6u);
}

TEST(Bytes, UnsignedBoundsClampAndNeverCountFromTheEnd) {
  const Bytes bytes("key: value");
  EXPECT_EQ(bytes.slice(0, bytes.find("absent")), "key: value");
  EXPECT_EQ(bytes.slice(bytes.find("absent")), "");
  EXPECT_EQ(bytes.slice(0, bytes.find(":")), "key");
}

TEST(Bytes, IndexesFromBothEnds) {
  const Bytes bytes("abc");
  EXPECT_EQ(bytes[0], std::byte{'a'});
  EXPECT_EQ(bytes[2u], std::byte{'c'});
  EXPECT_EQ(bytes[-1], std::byte{'c'});
  EXPECT_EQ(bytes[-3], std::byte{'a'});
  EXPECT_EQ(message_of<std::out_of_range>([&] { (void)bytes[3]; }),
            "index 3 out of range for size 3");
  EXPECT_EQ(message_of<std::out_of_range>([&] { (void)bytes[-4]; }),
            "index -4 out of range for size 3");
  EXPECT_THROW((void)bytes[npos], std::out_of_range);
  EXPECT_THROW((void)bytes[PTRDIFF_MIN], std::out_of_range);
  EXPECT_THROW((void)bytes[PTRDIFF_MAX], std::out_of_range);
  EXPECT_THROW((void)Bytes()[0], std::out_of_range);
  EXPECT_THROW((void)Bytes()[-1], std::out_of_range);
}

// --- adopting ------------------------------------------------------------------------------------

TEST(BytesAdopt, KeepsTheMemoryOfAString) {
  string s = pattern(1000);
  const void* const where = s.data();
  const Ledger before = thread_ledger();
  const Bytes bytes = Bytes::adopt(std::move(s));
  EXPECT_EQ(bytes.data(), where);
  EXPECT_EQ(bytes, pattern(1000));
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
}

TEST(BytesAdopt, TakesAStringThatHoldsItsCharactersItself) {
  Bytes bytes;
  {
    string s = "short";
    bytes = Bytes::adopt(std::move(s));
  }
  EXPECT_EQ(bytes, "short");
  EXPECT_EQ(bytes.retained_bytes(), string().capacity());
}

TEST(BytesAdopt, KeepsTheMemoryOfAVectorOfAnything) {
  struct Pair {
    std::uint16_t a;
    std::uint16_t b;
  };
  std::vector<Pair> v = {{1, 2}, {3, 4}};
  const void* const where = v.data();
  const Bytes bytes = Bytes::adopt(std::move(v));
  EXPECT_EQ(bytes.data(), where);
  EXPECT_EQ(bytes.size(), 8u);
  EXPECT_EQ(bytes.read<std::uint16_t>(6), 4u);
  std::vector<std::byte> raw(3, std::byte{7});
  EXPECT_EQ(Bytes::adopt(std::move(raw)), Bytes(3, std::byte{7}));
  std::vector<double> numbers = {1.5, -0.25};
  EXPECT_EQ(Bytes::adopt(std::move(numbers)).read<double>(8), -0.25);
}

TEST(BytesAdopt, LeavesTheContainerAloneWhenMemoryIsShort) {
  string s = pattern(100);
  std::vector<int> v = {1, 2, 3};
  const void* const where = s.data();
  const auto try_all = [&] {
    const AllocationBudget none(0);
    EXPECT_THROW((void)Bytes::adopt(std::move(s)), std::bad_alloc);
    EXPECT_THROW((void)Bytes::adopt(std::move(v)), std::bad_alloc);
  };
  try_all();
  EXPECT_EQ(s, pattern(100));
  EXPECT_EQ(s.data(), where);
  EXPECT_EQ(v, (std::vector<int>{1, 2, 3}));
}

/// What `free_memory` was called with.
std::vector<void*> freed;

void free_memory(void* memory) noexcept {
  freed.push_back(memory);
}

TEST(BytesAdopt, FreesAPointerOnceWhenTheLastHandleGoes) {
  std::array<char, 6> memory = {'m', 'e', 'm', 'o', 'r', 'y'};
  freed.clear();
  freed.reserve(4);
  Bytes bytes = Bytes::adopt(memory.data(), memory.size(), free_memory);
  EXPECT_EQ(static_cast<const void*>(bytes.data()), memory.data());
  EXPECT_EQ(bytes.retained_bytes(), 6u);
  Bytes part = bytes.slice(2, 4);
  Bytes copy = part;
  bytes = Bytes();
  copy = Bytes();
  EXPECT_EQ(part, "mo");
  EXPECT_TRUE(freed.empty());
  part = Bytes();
  EXPECT_EQ(freed, std::vector<void*>{memory.data()});
}

TEST(BytesAdopt, FreesAPointerToNothingAtOnce) {
  char memory = 'x';
  freed.clear();
  const Bytes bytes = Bytes::adopt(&memory, 0, free_memory);
  EXPECT_EQ(bytes.block(), nullptr);
  EXPECT_EQ(freed, std::vector<void*>{&memory});
}

TEST(BytesAdopt, LeavesAPointerToTheCallerOnFailure) {
  char memory = 'x';
  freed.clear();
  const auto short_of_memory = [&] {
    const AllocationBudget none(0);
    (void)Bytes::adopt(&memory, 1, free_memory);
  };
  EXPECT_THROW(short_of_memory(), std::bad_alloc);
  EXPECT_THROW((void)Bytes::adopt(&memory, detail::kMaxSize + 1, free_memory), std::length_error);
  EXPECT_TRUE(freed.empty());
}

// --- files ---------------------------------------------------------------------------------------

const std::size_t kPage = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));

const std::vector<std::pair<const char*, FileTrust>> kTrusts = {{"read", FileTrust::MayChange},
                                                                {"mapped", FileTrust::Stays}};

TEST(BytesMapFile, HoldsWhatTheFileHolds) {
  const test::TempDirectory directory;
  for (const std::size_t size :
       {std::size_t{1}, kPage - 1, kPage, kPage + 1, std::size_t{1} << 20}) {
    const string content = pattern(size);
    const string path = directory.make(std::to_string(size), content);
    for (const auto& [how, trust] : kTrusts) {
      const Ledger before = thread_ledger();
      const Bytes bytes = Bytes::map_file(path, trust);
      EXPECT_EQ(bytes.size(), size) << how;
      EXPECT_TRUE(bytes == content) << how << " " << size;
      // Giving back the byte that found the end of a tiny file may move it.
      const bool tiny = size < 8 && trust == FileTrust::MayChange;
      EXPECT_LE((thread_ledger() - before).copied_total(), tiny ? size : 0) << how << " " << size;
      EXPECT_STREQ(bytes.block()->kind->name, trust == FileTrust::Stays ? "file" : "heap");
      EXPECT_LE(bytes.retained_bytes(), size + size / 8 + 1) << how;
    }
  }
}

TEST(BytesMapFile, EmptyFileIsEmptyBytes) {
  const test::TempDirectory directory;
  const string path = directory.make("empty", "");
  for (const auto& [how, trust] : kTrusts) {
    const Bytes bytes = Bytes::map_file(path, trust);
    EXPECT_TRUE(bytes.empty()) << how;
    EXPECT_EQ(bytes.block(), nullptr) << how;
  }
}

TEST(BytesMapFile, ReadsFilesThatDoNotTellTheirSize) {
  for (const auto& [how, trust] : kTrusts) {
    const Bytes bytes = Bytes::map_file("/proc/self/status", trust);
    EXPECT_TRUE(bytes.startswith("Name:")) << how;
    EXPECT_TRUE(bytes.endswith("\n")) << how;
  }
}

TEST(BytesMapFile, StaysWhenTheFileIsUnlinked) {
  const test::TempDirectory directory;
  for (const auto& [how, trust] : kTrusts) {
    const string path = directory.make("gone", pattern(10000));
    Bytes all = Bytes::map_file(path, trust);
    const Bytes part = all.slice(kPage, -1);
    EXPECT_EQ(part.block(), all.block()) << how;
    ASSERT_TRUE(std::filesystem::remove(path));
    all = Bytes();
    EXPECT_TRUE(part == string_view(pattern(10000)).substr(kPage, 10000 - kPage - 1)) << how;
  }
}

TEST(BytesMapFile, MappingGoesWithTheLastHandle) {
  const test::TempDirectory directory;
  const string path = directory.make("mapped", pattern(10000));
  const auto mapped = [&] { return Bytes::map_file("/proc/self/maps").contains(path); };
  Bytes all = Bytes::map_file(path, FileTrust::Stays);
  Bytes part = all.slice(9999);
  all = Bytes();
  EXPECT_TRUE(mapped());
  part = Bytes();
  EXPECT_FALSE(mapped());
  const Bytes read = Bytes::map_file(path);
  EXPECT_FALSE(mapped());
}

TEST(BytesMapFile, ReadBytesDoNotFollowTheFile) {
  const test::TempDirectory directory;
  const string path = directory.make("file", "before");
  const Bytes bytes = Bytes::map_file(path);
  directory.make("file", "after!");
  EXPECT_EQ(bytes, "before");
  directory.make("file", "");
  EXPECT_EQ(bytes, "before");
}

TEST(BytesMapFile, MappedMemoryThatBecomesAnArrayLeavesTheFileAlone) {
  const test::TempDirectory directory;
  const string path = directory.make("file", "content");
  ByteArray array(Bytes::map_file(path, FileTrust::Stays));
  array[0] = std::byte{'C'};
  array.extend(" and more");
  EXPECT_EQ(array, "Content and more");
  EXPECT_EQ(directory.content("file"), "content");
}

/// The error of map_file, which must name the path.
int error_of(const string& path, FileTrust trust) {
  try {
    (void)Bytes::map_file(path, trust);
  } catch (const std::system_error& error) {
    EXPECT_NE(string(error.what()).find(path), string::npos) << error.what();
    EXPECT_EQ(error.code().category(), std::generic_category());
    return error.code().value();
  }
  return 0;
}

TEST(BytesMapFile, ErrorsNameThePath) {
  const test::TempDirectory directory;
  const string secret = directory.make("secret", "secret");
  std::filesystem::permissions(directory.path(), std::filesystem::perms::all);
  std::filesystem::permissions(secret, std::filesystem::perms::none);
  for (const auto& [how, trust] : kTrusts) {
    EXPECT_EQ(error_of(directory.file("missing"), trust), ENOENT) << how;
    EXPECT_EQ(error_of(secret + "/below", trust), ENOTDIR) << how;
    EXPECT_EQ(error_of(directory.path(), trust), EISDIR) << how;
    EXPECT_EQ(error_of("/proc/self/mem", trust), EIO) << how;
    EXPECT_EQ(error_of("", trust), ENOENT) << how;
    // Root reads everything: for this it has to be somebody else.
    const uid_t self = ::geteuid();
    const bool changed = self == 0 && ::seteuid(65534) == 0;
    const int refused = error_of(secret, trust);
    if (changed && ::seteuid(self) != 0) FAIL() << "cannot be root again";
    EXPECT_EQ(refused, EACCES) << how;
    EXPECT_EQ(message_of<std::invalid_argument>(
                  [&, given = trust] { (void)Bytes::map_file("a\0b"s, given); }),
              "embedded null byte in path 'a' at 1");
  }
}

// --- searching -----------------------------------------------------------------------------------

struct Found {
  std::size_t first = npos;
  std::size_t last = npos;
  std::size_t count = 0;
};

bool is_at(const string& all, const string& needle, std::size_t at) {
  return std::equal(needle.begin(), needle.end(), all.begin() + static_cast<std::ptrdiff_t>(at));
}

/// By the book: at every place, and counted without overlap.
Found search(const string& all, const string& needle) {
  Found found;
  std::size_t free_from = 0;
  for (std::size_t at = 0; at + needle.size() <= all.size(); ++at) {
    if (!is_at(all, needle, at)) continue;
    if (found.first == npos) found.first = at;
    found.last = at;
    if (at >= free_from) {
      ++found.count;
      free_from = at + needle.size();
    }
  }
  return found;
}

const std::vector<std::size_t> kSearchSizes = {0,  1,  2,  8,    15,   16,  17,
                                               63, 64, 65, 4095, 4096, 4097};
const std::vector<std::size_t> kNeedleSizes = {0, 1, 2, 8, 17};

TEST(BytesSearch, FindsAsANaiveLoopDoesAtEverySize) {
  for (const std::size_t size : kSearchSizes) {
    // Nothing but near misses, and a text in which the needles are placed.
    const string poor(size, 'a');
    for (const std::size_t needle_size : kNeedleSizes) {
      string needle(needle_size, 'a');
      if (needle_size != 0) needle.back() = 'b';
      const std::size_t room = size >= needle_size ? size - needle_size : 0;
      for (const std::size_t place : {std::size_t{0}, std::size_t{1}, room / 2, room}) {
        string all = poor;
        if (place + needle_size <= size) all.replace(place, needle_size, needle);
        if (room > 3 * needle_size) all.replace(room - needle_size, needle_size, needle);
        for (const string& text : {poor, all}) {
          const Found expected = search(text, needle);
          const Bytes bytes = Bytes::adopt(string(text));
          const auto where = [&] {
            return "size " + std::to_string(size) + ", needle " + std::to_string(needle_size) +
                   ", place " + std::to_string(place);
          };
          EXPECT_EQ(bytes.find(needle), expected.first) << where();
          EXPECT_EQ(bytes.rfind(needle), expected.last) << where();
          EXPECT_EQ(bytes.count(needle), expected.count) << where();
          EXPECT_EQ(bytes.contains(needle), expected.first != npos) << where();
          if (needle_size == 1) {
            EXPECT_EQ(bytes.find(std::byte{'b'}), expected.first) << where();
            EXPECT_EQ(bytes.rfind(std::byte{'b'}), expected.last) << where();
            EXPECT_EQ(bytes.count(std::byte{'b'}), expected.count) << where();
          }
        }
      }
    }
  }
}

TEST(BytesSearch, FindsAtEveryOffset) {
  for (const std::size_t needle_size : kNeedleSizes) {
    if (needle_size == 0) continue;
    const string needle = string(needle_size - 1, 'x') + 'y';
    for (std::size_t at = 0; at <= 70; ++at) {
      string all(at + needle_size + 3, 'x');
      all.replace(at, needle_size, needle);
      const Bytes bytes(all);
      const auto where = [&] {
        return "needle " + std::to_string(needle_size) + " at " + std::to_string(at);
      };
      EXPECT_EQ(bytes.find(needle), at) << where();
      EXPECT_EQ(bytes.rfind(needle), at) << where();
      EXPECT_EQ(bytes.find(needle, at), at) << where();
      EXPECT_EQ(bytes.find(needle, at + 1), npos) << where();
      EXPECT_EQ(bytes.rfind(needle, 0, at + needle_size), at) << where();
      EXPECT_EQ(bytes.rfind(needle, 0, at + needle_size - 1), npos) << where();
      EXPECT_EQ(bytes.index(needle), at) << where();
      EXPECT_EQ(bytes.rindex(needle), at) << where();
    }
  }
}

// Near misses everywhere make rfind() search in windows; the last needle is one of many in them, and
// they overlap.
TEST(BytesSearch, FindsTheLastOfManyBehindNearMisses) {
  for (const std::size_t needle_size : {std::size_t{2}, std::size_t{8}, std::size_t{300}}) {
    const string needle(needle_size, 'a');
    string misses;
    for (int i = 0; i < 2000; ++i) misses += string(needle_size - 1, 'a') + 'b';
    for (std::size_t run = 1; run < 600; run += 7) {
      for (const std::size_t before : {std::size_t{0}, std::size_t{1000}, misses.size()}) {
        const Bytes bytes(misses.substr(0, before) + 'b' + string(run, 'a') + misses);
        const std::size_t last = before + run;
        EXPECT_EQ(bytes.rfind(needle), last) << needle_size << ' ' << run << ' ' << before;
        EXPECT_EQ(bytes.slice(last + 1).rfind(needle), npos) << needle_size << ' ' << run;
      }
    }
  }
}

TEST(BytesSearch, CountsOccurrencesThatDoNotOverlap) {
  EXPECT_EQ(Bytes("aaaaa").count("aa"), 2u);
  EXPECT_EQ(Bytes("aaaaa").rfind("aa"), 3u);
  EXPECT_EQ(Bytes("abababa").count("aba"), 2u);
}

TEST(BytesSearch, NeedleMayBePartOfTheText) {
  const Bytes bytes("needle in a needle");
  EXPECT_EQ(bytes.find(bytes), 0u);
  EXPECT_EQ(bytes.find(bytes.slice(12)), 0u);
  EXPECT_EQ(bytes.rfind(bytes.slice(0, 6)), 12u);
}

TEST(BytesSearch, IndexSaysThatThereIsNone) {
  const Bytes bytes("abc");
  const auto none = [](auto&& action) { return message_of<std::invalid_argument>(action); };
  EXPECT_EQ(none([&] { (void)bytes.index("x"); }), "subsection not found: b'x'");
  EXPECT_EQ(none([&] { (void)bytes.rindex("x"); }), "subsection not found: b'x'");
  EXPECT_EQ(none([&] { (void)bytes.index(std::byte{0}); }), "subsection not found: b'\\x00'");
  EXPECT_EQ(none([&] { (void)bytes.index("a", 1); }), "subsection not found: b'a'");
  const std::string forty(40, 'n');
  EXPECT_EQ(none([&] { (void)bytes.index(forty); }), "subsection not found: b'" + forty + "'");
  EXPECT_EQ(none([&] { (void)bytes.rindex(forty + "x"); }),
            "subsection not found: b'" + forty + "'... (41 bytes)");
}

TEST(BytesSearch, StartsAndEndsWithOneOfSeveral) {
  const Bytes bytes("archive.tar.gz");
  EXPECT_TRUE(bytes.endswith({".zip", ".gz"}));
  EXPECT_FALSE(bytes.endswith({".zip", ".bz2"}));
  EXPECT_TRUE(bytes.startswith({"tar", "arch"}));
  EXPECT_TRUE(bytes.startswith({"tar", "arch"}, 8));
  EXPECT_FALSE(bytes.startswith({"arch"}, 8));
  EXPECT_FALSE(bytes.startswith(std::initializer_list<ByteSpan>{}));
}

// --- numbers -------------------------------------------------------------------------------------

TEST(BytesRead, ReadsNumbersInBothByteOrders) {
  const Bytes bytes("\xff\x01\x02\x03\x04\x05\x06\x07\x08"_b);
  constexpr auto kBig = std::endian::big;
  constexpr auto kLittle = std::endian::little;
  EXPECT_EQ(bytes.read<std::uint8_t>(0), 0xff);
  EXPECT_EQ(bytes.read<std::int8_t>(0), -1);
  EXPECT_EQ(bytes.read<std::uint16_t>(1, kBig), 0x0102);
  EXPECT_EQ(bytes.read<std::uint16_t>(1, kLittle), 0x0201);
  EXPECT_EQ(bytes.read<std::int16_t>(0, kBig), -255);
  EXPECT_EQ(bytes.read<std::uint32_t>(1, kBig), 0x01020304u);
  EXPECT_EQ(bytes.read<std::uint32_t>(1, kLittle), 0x04030201u);
  EXPECT_EQ(bytes.read<std::uint64_t>(1, kBig), 0x0102030405060708u);
  EXPECT_EQ(bytes.read<std::uint64_t>(1, kLittle), 0x0807060504030201u);
  EXPECT_EQ(bytes.read<std::uint32_t>(1), bytes.read<std::uint32_t>(1, std::endian::native));
  EXPECT_EQ(Bytes("\x00\x3f\x80\x00\x00"_b).read<float>(1, kBig), 1.0F);
  EXPECT_EQ("\x00\x00\x00\x00\x00\x00\xf0\xbf"_b.read<double>(0, kLittle), -1.0);
}

TEST(BytesRead, RefusesNumbersThatAreNotAllThere) {
  const Bytes bytes("1234567");
  EXPECT_NO_THROW((void)bytes.read<std::uint32_t>(3));
  EXPECT_EQ(message_of<std::out_of_range>([&] { (void)bytes.read<std::uint32_t>(4); }),
            "4 bytes at offset 4 do not fit into size 7");
  EXPECT_THROW((void)bytes.read<std::uint64_t>(0), std::out_of_range);
  EXPECT_THROW((void)bytes.read<std::uint8_t>(7), std::out_of_range);
  EXPECT_THROW((void)bytes.read<std::uint32_t>(npos - 1), std::out_of_range);
  EXPECT_THROW((void)Bytes().read<std::uint8_t>(0), std::out_of_range);
}

// --- with other types ----------------------------------------------------------------------------

TEST(Bytes, EqualContentHasEqualHash) {
  const std::hash<Bytes> hash;
  const Bytes bytes("some content");
  EXPECT_EQ(hash(bytes), hash(Bytes("some content")));
  EXPECT_EQ(hash(bytes), hash("so  me content"_b.replace("  ", "")));
  EXPECT_EQ(hash(bytes), hash(Bytes("in some content").slice(3)));
  EXPECT_EQ(hash(bytes), hash(ByteArray("some content")));
  EXPECT_EQ(hash(bytes), std::hash<string_view>()("some content"));
  EXPECT_EQ(hash(Bytes()), hash(""_b));
  EXPECT_NE(hash(bytes), hash(Bytes("some Content")));
}

TEST(Bytes, AreKeysThatAnyBytesLookUp) {
  std::unordered_set<Bytes, std::hash<Bytes>, std::equal_to<>> set = {"one"_b, "two"_b, ""_b};
  EXPECT_TRUE(set.contains("two"sv));
  EXPECT_TRUE(set.contains(string("one")));
  EXPECT_TRUE(set.contains(Bytes()));
  EXPECT_FALSE(set.contains("three"sv));
}

TEST(Bytes, PrintAsPythonsRepr) {
  // Every expected value is what python3 prints.
  const std::vector<std::pair<Bytes, string>> all = {
      {""_b, "b''"},
      {"plain"_b, "b'plain'"},
      {"a'b"_b, "b\"a'b\""},
      {"a\"b"_b, "b'a\"b'"},
      {"a'\"b"_b, "b'a\\'\"b'"},
      {"\\\t\n\r\0\x07\x1f ~\x7f\x80\xff"_b, "b'\\\\\\t\\n\\r\\x00\\x07\\x1f ~\\x7f\\x80\\xff'"},
  };
  for (const auto& [bytes, expected] : all) {
    std::ostringstream out;
    out << bytes;
    EXPECT_EQ(out.str(), expected);
    EXPECT_EQ(bytes.repr(), expected);
  }
}

TEST(Bytes, ConvertWithoutACopy) {
  const Bytes bytes("to convert");
  const Ledger before = thread_ledger();
  const string_view view = bytes;
  const ByteSpan span = bytes;
  const std::span<const std::byte> standard = bytes;
  EXPECT_EQ(static_cast<const void*>(view.data()), bytes.data());
  EXPECT_EQ(view.size(), bytes.size());
  EXPECT_EQ(span.data(), bytes.data());
  EXPECT_EQ(span.size(), bytes.size());
  EXPECT_EQ(bytes.span().data(), bytes.data());
  EXPECT_EQ(standard.data(), bytes.data());
  EXPECT_EQ(standard.size(), bytes.size());
  EXPECT_EQ((thread_ledger() - before).copied_total(), 0u);
}

TEST(Bytes, IterateOverEveryByte) {
  string seen;
  for (const std::byte b : Bytes("iterate")) seen += static_cast<char>(b);
  EXPECT_EQ(seen, "iterate");
}

TEST(Bytes, ToStringIsACopyThatIsCounted) {
  const Bytes bytes("a\0b"_b);
  const Ledger before = thread_ledger();
  EXPECT_EQ(bytes.to_string(), "a\0b"sv);
  EXPECT_EQ((thread_ledger() - before).copied_for(CopyReason::Caller), 3u);
  EXPECT_EQ(Bytes().to_string(), "");
}

TEST(Bytes, CompareWithAllThatIsBytes) {
  const Bytes abc("abc");
  const std::array<char, 3> characters = {'a', 'b', 'c'};
  const std::vector<unsigned char> numbers = {97, 98, 99};
  EXPECT_TRUE(abc == Bytes("abc"));
  EXPECT_TRUE(abc == "abc");
  EXPECT_TRUE("abc" == abc);
  EXPECT_TRUE(abc == string("abc"));
  EXPECT_TRUE(string_view("abc") == abc);
  EXPECT_TRUE(abc == characters);
  EXPECT_TRUE(abc == numbers);
  EXPECT_TRUE(abc == ByteSpan("abc"));
  EXPECT_TRUE(abc == ByteArray("abc"));
  EXPECT_TRUE(ByteArray("abc") == abc);
  EXPECT_TRUE(abc != "abd");
  EXPECT_TRUE(abc != "ab");
  EXPECT_TRUE(abc != ByteArray("abcd"));
}

TEST(Bytes, OrderAsUnsignedBytesAndThenTheShorterFirst) {
  const std::vector<Bytes> ascending = {""_b,   "\0"_b, "\0\0"_b, "A"_b,    "a"_b,   "aa"_b,
                                        "ab"_b, "b"_b,  "\x7f"_b, "\x80"_b, "\xff"_b};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      EXPECT_TRUE((ascending[i] <=> ascending[j]) == (i <=> j)) << i << " " << j;
      EXPECT_TRUE((ascending[i] <=> ByteArray(ascending[j])) == (i <=> j)) << i << " " << j;
      EXPECT_EQ(ascending[i] < ascending[j].to_string(), i < j) << i << " " << j;
      EXPECT_EQ(ascending[i] == ascending[j], i == j) << i << " " << j;
    }
  }
}

// --- memory kept ---------------------------------------------------------------------------------

TEST(Bytes, CompactCopiesWhenMoreThanTwiceTheSizeIsKept) {
  struct Case {
    std::size_t whole;
    std::size_t part;
    bool copies;
  };
  for (const Case& c :
       {Case{100, 100, false}, Case{100, 51, false}, Case{100, 50, false}, Case{101, 50, true},
        Case{100, 49, true}, Case{3, 1, true}, Case{2, 1, false}}) {
    const Bytes all(pattern(c.whole));
    Bytes part = all.slice(0, c.part);
    EXPECT_EQ(part.retained_bytes(), c.whole);
    part.compact();
    const auto where = [&] { return std::to_string(c.part) + " of " + std::to_string(c.whole); };
    EXPECT_EQ(part.block() != all.block(), c.copies) << where();
    EXPECT_EQ(part.retained_bytes(), c.copies ? c.part : c.whole) << where();
    EXPECT_EQ(part, string_view(pattern(c.whole)).substr(0, c.part)) << where();
  }
}

TEST(Bytes, CompactLeavesStaticMemoryAlone) {
  const Bytes all = "static memory"_b;
  for (Bytes bytes : {all, all.slice(-1), Bytes()}) {
    const std::byte* const where = bytes.data();
    const AllocationBudget none(0);
    bytes.compact();
    EXPECT_EQ(bytes.data(), where);
  }
}

// --- text ----------------------------------------------------------------------------------------

TEST(Bytes, HexAndBack) {
  string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const Bytes bytes(all);
  EXPECT_EQ(Bytes::fromhex(bytes.hex()), bytes);
  EXPECT_EQ(Bytes::fromhex(bytes.hex(" ")), bytes);
  EXPECT_EQ("\x01\xab\xFF"_b.hex(), "01abff");
  EXPECT_EQ("\x01\xab\xFF"_b.hex(":", 2), "01:abff");
  EXPECT_EQ("\x01\xab\xFF"_b.hex(":", -2), "01ab:ff");
  EXPECT_EQ("\x01\xab\xFF"_b.hex(":", PTRDIFF_MIN), "01abff");
  EXPECT_EQ(Bytes::fromhex(" 01 Ab\tfF\n"), "\x01\xab\xff");
}

TEST(Bytes, HexRefusalsSayWhereAndWhy) {
  const auto refused = [](const char* digits) {
    return message_of<std::invalid_argument>([&] { (void)Bytes::fromhex(digits); });
  };
  const string start = "non-hexadecimal number found in fromhex() arg at position ";
  EXPECT_EQ(refused("a"), start + "1");
  EXPECT_EQ(refused("abg0"), start + "2");
  EXPECT_EQ(refused("ab0 1"), start + "3");
  EXPECT_EQ(message_of<std::invalid_argument>([] { (void)"a"_b.hex("ab"); }),
            "sep must be length 1.");
  EXPECT_EQ(message_of<std::invalid_argument>([] { (void)"a"_b.hex("\xc3\xa9"); }),
            "sep must be ASCII.");
}

TEST(Bytes, DecodeErrorsSayWhere) {
  try {
    (void)Bytes("ab\xe2\x82 c").decode();
    FAIL() << "nothing thrown";
  } catch (const UnicodeDecodeError& error) {
    EXPECT_STREQ(error.what(),
                 "'utf-8' codec can't decode bytes in position 2-3: invalid continuation byte");
    EXPECT_EQ(error.start(), 2u);
    EXPECT_EQ(error.end(), 4u);
  }
  EXPECT_EQ(message_of<UnicodeDecodeError>([] { (void)"a\x80"_b.decode("ascii"); }),
            "'ascii' codec can't decode byte 0x80 in position 1: ordinal not in range(128)");
  EXPECT_EQ(message_of<std::invalid_argument>([] { (void)"a"_b.decode("nope"); }),
            "unknown encoding: nope");
  EXPECT_EQ(message_of<std::invalid_argument>([] { (void)"\xff"_b.decode("utf-8", "nope"); }),
            "unknown error handler name 'nope'");
  EXPECT_EQ("a\xff"_b.decode("utf-8", "replace"), "a\xef\xbf\xbd");
}

TEST(Bytes, JoinTakesAnyRangeOfBytes) {
  const Bytes comma = ", "_b;
  const std::vector<string> strings = {"one", "two", "three"};
  std::vector<Bytes> bytes = {"one"_b, ""_b};
  const std::array<string_view, 1> alone = {"alone"};
  EXPECT_EQ(comma.join(strings), "one, two, three");
  EXPECT_EQ(comma.join(bytes), "one, ");
  EXPECT_EQ(comma.join(alone), "alone");
  EXPECT_EQ(comma.join({"literal", ByteSpan(bytes[0]), strings[1]}), "literal, one, two");
  EXPECT_EQ(Bytes().join(strings), "onetwothree");
  EXPECT_EQ(comma.join(std::vector<Bytes>()), "");
}

TEST(Bytes, ConcatenateWithAnythingOnEitherSide) {
  const Bytes bytes("middle");
  EXPECT_EQ("<" + bytes + ">", "<middle>");
  EXPECT_EQ(bytes + bytes, "middlemiddle");
  EXPECT_EQ(string("a") + (bytes + string_view("b")), "amiddleb");
  EXPECT_EQ(bytes + Bytes(), "middle");
  EXPECT_EQ(2 * bytes.slice(0, 1), "mm");
  static_assert(std::is_same_v<decltype(bytes + ByteArray("x")), Bytes>);
  static_assert(std::is_same_v<decltype(ByteArray("x") + bytes), ByteArray>);
  EXPECT_EQ(ByteArray("x") + bytes, "xmiddle");
}

// --- limits --------------------------------------------------------------------------------------

TEST(BytesLimits, SizesThatNoMemoryHoldsAreRefused) {
  constexpr std::size_t kPast = detail::kMaxSize + 1;
  const Bytes ab("ab");
  // Never touched: the size alone is refused.
  const ByteSpan huge(ab.data(), detail::kMaxSize - 1);
  const std::vector<std::pair<const char*, std::function<void()>>> all = {
      {"fill", [] { (void)Bytes(kPast, std::byte{0}); }},
      {"fill past all", [] { (void)Bytes(npos, std::byte{0}); }},
      {"repeat", [&] { (void)(ab * PTRDIFF_MAX); }},
      {"repeat to just past", [&] { (void)(ab * static_cast<std::ptrdiff_t>(kPast / 2 + 1)); }},
      {"concatenate", [&] { (void)(ab + huge); }},
      {"concatenate in front", [&] { (void)(huge + ab); }},
      {"join",
       [&] {
         (void)ab.join({huge, ab});
       }},
      {"center", [&] { (void)ab.center(PTRDIFF_MAX); }},
      {"ljust", [&] { (void)ab.ljust(PTRDIFF_MAX); }},
      {"rjust", [&] { (void)ab.rjust(PTRDIFF_MAX); }},
      {"zfill", [&] { (void)ab.zfill(PTRDIFF_MAX); }},
      {"expandtabs", [] { (void)"\t"_b.expandtabs(PTRDIFF_MAX); }},
      {"expandtabs twice", [] { (void)"\t\t\t"_b.expandtabs(PTRDIFF_MAX - 5000); }},
      {"replace", [&] { (void)"xxx"_b.replace("x", huge); }},
  };
  for (const auto& [how, make] : all) {
    EXPECT_NE(message_of<std::length_error>(make).find("new buffer size too large ("), string::npos)
        << how << ": " << message_of<std::length_error>(make);
  }
}

/// Methods that make something new, by name.
const std::vector<std::pair<const char*, std::function<void(Bytes&)>>> kMaking = {
    {"copy", [](Bytes& b) { (void)Bytes(b.span()); }},
    {"fill", [](Bytes& b) { (void)Bytes(b.size(), std::byte{1}); }},
    {"slice", [](Bytes& b) { (void)b.slice(0, 40, 2); }},
    {"compact", [](Bytes& b) { b.compact(); }},
    {"to_string", [](Bytes& b) { (void)b.to_string(); }},
    {"repr", [](Bytes& b) { (void)b.repr(); }},
    {"hex", [](Bytes& b) { (void)b.hex(); }},
    {"hex grouped", [](Bytes& b) { (void)b.hex(":"); }},
    {"decode", [](Bytes& b) { (void)b.decode(); }},
    {"split", [](Bytes& b) { (void)b.split(); }},
    {"split at", [](Bytes& b) { (void)b.split(" "); }},
    {"rsplit", [](Bytes& b) { (void)b.rsplit(" ", 3); }},
    {"splitlines", [](Bytes& b) { (void)b.splitlines(); }},
    {"replace", [](Bytes& b) { (void)b.replace(" ", "--"); }},
    {"join",
     [](Bytes& b) {
       (void)b.join({"a", "b", b});
     }},
    {"translate", [](Bytes& b) { (void)b.translate(std::nullopt, " "); }},
    {"upper", [](Bytes& b) { (void)b.upper(); }},
    {"title", [](Bytes& b) { (void)b.title(); }},
    {"center", [](Bytes& b) { (void)b.center(200); }},
    {"zfill", [](Bytes& b) { (void)b.zfill(200); }},
    {"expandtabs", [](Bytes& b) { (void)b.expandtabs(); }},
    {"concatenate", [](Bytes& b) { (void)(b + b); }},
    {"repeat", [](Bytes& b) { (void)(b * 3); }},
    {"fromhex", [](Bytes&) { (void)Bytes::fromhex("00ff"); }},
    {"maketrans", [](Bytes&) { (void)Bytes::maketrans("a", "b"); }},
};

TEST(BytesLimits, EveryFailingAllocationLeavesTheBytesAsTheyWere) {
  const string content = "a line with\tsome words in it, so that all has work\nand another one";
  const Bytes whole(content + string(200, '.'));
  for (const auto& [how, make] : kMaking) {
    const std::size_t failures =
        test::fail_each_allocation([&] { return whole.slice(0, content.size()); }, make,
                                   [&, made = how](const Bytes& bytes) {
                                     EXPECT_EQ(bytes, content) << made;
                                     EXPECT_EQ(bytes.data(), whole.data()) << made;
                                     EXPECT_EQ(owners(whole), 2u) << made;
                                   });
    EXPECT_GE(failures, 1u) << how;
    EXPECT_EQ(owners(whole), 1u) << how;
  }
}

TEST(BytesLimits, EveryFailingAllocationOfMapFileLeavesNothingBehind) {
  const test::TempDirectory directory;
  const string path = directory.make("file", pattern(100000));
  const auto open_files = [] {
    std::ptrdiff_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      ++count;
    }
    return count;
  };
  const std::ptrdiff_t before = open_files();
  for (const auto& [how, trust] : kTrusts) {
    const std::size_t failures = test::fail_each_allocation(
        [] { return Bytes(); },
        [&, given = trust](Bytes& bytes) { bytes = Bytes::map_file(path, given); },
        [&, opened = how](const Bytes& bytes) {
          EXPECT_TRUE(bytes.empty()) << opened;
          EXPECT_EQ(open_files(), before) << opened;
        });
    EXPECT_GE(failures, 1u) << how;
    EXPECT_EQ(open_files(), before) << how;
  }
}

TEST(BytesLimits, SharingNeedsNoMemory) {
  Bytes all(" content to share ");
  const AllocationBudget none(0);
  Bytes copy = all;
  Bytes moved = std::move(copy);
  moved.swap(all);
  const Bytes part = all.slice(1, -1).strip().removeprefix("content ");
  const auto both = all.partition("to");
  (void)all.find("share");
  (void)all.count("a");
  (void)(all == moved);
  (void)std::hash<Bytes>()(all);
  EXPECT_EQ(part, "to share");
  EXPECT_EQ(both[1], "to");
  EXPECT_EQ(test::allocations_asked, 0u);
}

// --- threads -------------------------------------------------------------------------------------

TEST(BytesThread, HandlesOfOneBlockAreIndependent) {
  constexpr int kRounds = 2000;
  const string content = pattern(300);
  Bytes all = Bytes::adopt(string(content));
  std::array<std::size_t, 4> found{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t id = 0; id < found.size(); ++id) {
      threads.emplace_back([&, id, mine = all] {
        for (int i = 0; i < kRounds; ++i) {
          Bytes copy = mine;
          const Bytes part = copy.slice(i % 300);
          copy = Bytes();
          if (part == string_view(content).substr(static_cast<std::size_t>(i % 300))) ++found[id];
        }
      });
    }
    // The threads keep what the one that made it lets go of.
    all = Bytes();
  }
  for (const std::size_t rounds : found) EXPECT_EQ(rounds, static_cast<std::size_t>(kRounds));
}

TEST(BytesThread, TheLastHandleFreesInWhateverThreadItGoes) {
  std::array<char, 3> memory = {'a', 'b', 'c'};
  for (int round = 0; round < 50; ++round) {
    freed.clear();
    {
      Bytes bytes = Bytes::adopt(memory.data(), memory.size(), free_memory);
      std::jthread one([mine = bytes]() mutable { mine = Bytes(); });
      std::jthread other([mine = std::move(bytes)]() mutable { mine = Bytes(); });
    }
    ASSERT_EQ(freed, std::vector<void*>{memory.data()}) << round;
  }
}

TEST(BytesThread, ArrayTakesOverMemoryThatOtherThreadsHaveRead) {
  for (int round = 0; round < 50; ++round) {
    Bytes bytes("read by others first");
    std::uint64_t sum = 0;
    std::jthread reader([&sum, mine = bytes]() mutable {
      for (const std::byte b : mine) sum += std::to_integer<unsigned>(b);
      mine = Bytes();
    });
    // Copies while the other thread has a handle, takes the memory afterwards: either is right.
    ByteArray array(std::move(bytes));
    for (std::byte& b : array) b = std::byte{'x'};
    reader.join();
    EXPECT_EQ(sum, 1940u);
    EXPECT_EQ(array, string(20, 'x'));
  }
}

}  // namespace
}  // namespace quire
