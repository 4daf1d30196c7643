// Every system call behind pages refused, in every position: an operation then succeeds all the
// same, no handle changes a byte, and nothing stays behind.
#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "support/allocation_failure.h"
#include "support/file_content.h"
#include "support/page_faults.h"
#include "support/skips.h"
#include "support/storage.h"

namespace quire {
namespace {

using detail::pages::Call;
using std::string;
using test::Allowance;
using test::Holdings;
using test::kMib;
using test::kPage;
using test::PageFault;
using test::PageFaults;
using test::pattern;
using Repeat = PageFault::Repeat;

/// More than one of the pieces in which bytes move into a file.
constexpr std::size_t kLarge = 4 * kMib + 500'001;

/// Made once.
const string& large_pattern() {
  static const string text = pattern(kLarge, 1);
  return text;
}

/// Of these, and the first write that must leave them to others shares pages.
BytesIO large_stream() {
  return test::left_before(BytesIO(ByteSpan(large_pattern())));
}

struct Kept {
  Bytes bytes;
  string content;
};

/// A stream, what it must hold, and what was taken from it. Operations are tried while calls and
/// allocations fail, and must then have been done, or not at all.
class World {
 public:
  explicit World(StorageOptions::Tier tier = StorageOptions::automatic)
      : stream_(StorageOptions{.tier = tier}) {}

  /// How many allocations the operations may make from now on.
  void allow(std::optional<std::size_t> allocations) { allocations_ = allocations; }

  [[nodiscard]] std::size_t refused_allocations() const { return refused_allocations_; }

  BytesIO& stream() { return stream_; }

  void write_at(std::size_t offset, const string& data) {
    if (!attempt([&] { stream_.write_at(offset, data); })) return;
    if (content_.size() < offset + data.size()) content_.resize(offset + data.size(), '\0');
    content_.replace(offset, data.size(), data);
  }

  void append(const string& data) { write_at(content_.size(), data); }

  /// The next write that must leave bytes to others shares pages, as from the second one on.
  void expect_leaving() { stream_ = test::left_before(std::move(stream_)); }

  /// One byte in each page from `first` to before `end`.
  void dirty_pages(std::size_t first, std::size_t end, std::size_t step = 1) {
    for (std::size_t page = first; page < end; page += step) {
      write_at(page * kPage + 7, string(1, next_letter()));
    }
  }

  void truncate(std::size_t size) {
    if (attempt([&] { stream_.truncate(size); })) content_.resize(size);
  }

  void resize(std::size_t size) {
    if (attempt([&] { stream_.resize(size); })) content_.resize(size, '\0');
  }

  void reserve(std::size_t capacity) {
    attempt([&] { stream_.reserve(capacity); });
  }

  void compact() {
    attempt([&] { stream_.compact(); });
  }

  void keep_value() {
    Bytes value;
    if (attempt([&] { value = stream_.getvalue(); })) kept_.push_back({value, content_});
  }

  void keep_read(std::size_t offset, std::size_t size) {
    Bytes value;
    if (attempt([&] { value = stream_.read_at(offset, size); })) {
      kept_.push_back({value, content_.substr(offset, size)});
    }
  }

  void drop_value(std::size_t index) {
    if (index < kept_.size()) kept_.erase(kept_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void drop_values() { kept_.clear(); }

  /// A second cursor or stream, which is written to.
  void keep_twin(bool reader, std::size_t offset, const string& data) {
    std::optional<BytesIO> twin;
    if (!attempt([&] { twin.emplace(reader ? stream_.reader() : stream_.clone()); })) return;
    twins_.emplace_back(std::move(*twin), content_);
    auto& [stream, content] = twins_.back();
    if (attempt([&, &stream = stream] { stream.write_at(offset, data); })) {
      if (content.size() < offset + data.size()) content.resize(offset + data.size(), '\0');
      content.replace(offset, data.size(), data);
    }
  }

  void drop_twins() { twins_.clear(); }

  /// It may be refused: then for a reason.
  void look_at_a_file() {
    attempt([&] {
      try {
        const FilePath path = stream_.as_path();
        EXPECT_TRUE(test::file_content(path.str()) == content_) << "a file differs";
      } catch (const std::system_error& refusal) {
        EXPECT_NE(refusal.code().value(), 0);
      }
    });
  }

  void take_view() {
    MutableMemoryView view;
    if (attempt([&] { view = stream_.getbuffer(); })) view_ = std::move(view);
  }

  void write_through_view(std::size_t offset) {
    if (!view_) return;
    content_[offset] = next_letter();
    (*view_)[static_cast<std::ptrdiff_t>(offset)] = static_cast<std::byte>(content_[offset]);
  }

  void drop_view() { view_.reset(); }

  void drop_stream() {
    stream_ = BytesIO();
    content_.clear();
  }

  /// Everything shows what it should. Disturbs nothing: what it reads it copies.
  void check() {
    expect_content(stream_, content_, "the stream");
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      const Kept& kept = kept_[i];
      EXPECT_TRUE(ByteSpan(kept.bytes).as_chars() == kept.content)
          << "snapshot " << i << " changed";
    }
    for (auto& [twin, content] : twins_) expect_content(twin, content, "a twin");
    if (view_) {
      EXPECT_TRUE(view_->size() == content_.size() &&
                  ByteSpan(view_->data(), view_->size()).as_chars() == content_)
          << "the view differs";
    }
  }

 private:
  template <class Operation>
  bool attempt(Operation operation) {
    if (!allocations_) {
      operation();
      return true;
    }
    const std::size_t position = stream_.tell();
    bool done = true;
    {
      const test::AllocationBudget budget(*allocations_);
      try {
        operation();
      } catch (const std::bad_alloc&) {
        done = false;
      }
      allocations_ = *test::allocation_budget;
    }
    if (done) return true;
    ++refused_allocations_;
    EXPECT_EQ(stream_.tell(), position);
    // From here on there is memory again, or nothing more would happen.
    allocations_.reset();
    check();
    return false;
  }

  static void expect_content(BytesIO& stream, const string& content, const char* which) {
    static string scratch;
    scratch.assign(stream.size(), '?');
    const std::size_t position = stream.tell();
    stream.seek(0);
    stream.readinto(MutableByteSpan(scratch.data(), scratch.size()));
    stream.seek(static_cast<std::ptrdiff_t>(position));
    if (scratch == content) return;
    std::size_t at = 0;
    while (at < std::min(scratch.size(), content.size()) && scratch[at] == content[at]) ++at;
    ADD_FAILURE() << which << " differs from byte " << at << " on; it has " << scratch.size()
                  << " bytes, and should have " << content.size();
  }

  char next_letter() {
    letter_ = letter_ == 'Z' ? 'A' : static_cast<char>(letter_ + 1);
    return letter_;
  }

  BytesIO stream_;
  string content_;
  std::vector<Kept> kept_;
  std::vector<std::pair<BytesIO, string>> twins_;
  std::optional<MutableMemoryView> view_;
  std::optional<std::size_t> allocations_;
  std::size_t refused_allocations_ = 0;
  char letter_ = 'A';
};

/// What is done before anything fails, and what is done while it does.
struct Scenario {
  const char* name;
  StorageOptions::Tier tier;
  void (*prepare)(World&);
  void (*act)(World&);
};

void nothing(World&) {}

void write_large(World& w) {
  w.append(large_pattern());
  w.expect_leaving();
}

void write_small(World& w) {
  w.append(pattern(2 * kMib + 77, 2));
  w.expect_leaving();
}

/// Paged, with the first snapshot alive and a few pages that differ.
void become_paged(World& w) {
  write_small(w);
  w.keep_value();
  w.write_at(3 * kPage, "changed");
  w.dirty_pages(10, 100, 9);
}

const Scenario kScenarios[] = {
    {"growth through the tiers", StorageOptions::automatic, nothing,
     [](World& w) {
       for (std::size_t i = 0; i < 12; ++i) w.append(pattern(300'000, i));
       w.reserve(6 * kMib);
     }},
    {"growth through the tiers with snapshots", StorageOptions::automatic, nothing,
     [](World& w) {
       for (std::size_t i = 0; i < 5; ++i) {
         w.append(pattern(500'000, i));
         w.keep_value();
       }
     }},
    {"write below the mark", StorageOptions::automatic,
     [](World& w) {
       write_large(w);
       w.keep_value();
     },
     [](World& w) {
       w.write_at(5, "x");
       w.write_at(kLarge - 5, "across the end");
     }},
    {"write over many pages below the mark", StorageOptions::automatic,
     [](World& w) {
       write_small(w);
       w.keep_value();
     },
     [](World& w) {
       w.write_at(100'001, string(700'000, 'h'));
       w.keep_value();
       w.write_at(1'100'001, string(900'000, 'i'));
     }},
    {"write over huge pages below the mark", StorageOptions::automatic,
     [](World& w) {
       write_large(w);
       w.keep_value();
       w.write_at(3 * kPage, "changed");
       w.dirty_pages(600, 1000, 9);
     },
     [](World& w) {
       w.write_at(300'001, string(3'000'000, 'h'));
       w.keep_value();
       w.write_at(kMib, string(kMib, 'i'));
     }},
    {"second snapshot with dirty pages", StorageOptions::automatic, become_paged,
     [](World& w) {
       w.keep_value();
       w.dirty_pages(50, 300, 7);
       w.keep_value();
       w.write_at(0, "again");
     }},
    {"growth of a shared block", StorageOptions::automatic,
     [](World& w) {
       write_small(w);
       w.keep_value();
     },
     [](World& w) {
       w.append(pattern(1'300'000, 3));
       w.keep_value();
       w.append(pattern(2'200'000, 4));
     }},
    {"growth of a shared block that is paged", StorageOptions::automatic, become_paged,
     [](World& w) {
       w.keep_value();
       w.append(pattern(1'300'000, 3));
       w.keep_value();
       w.append(pattern(2'200'000, 4));
     }},
    {"growth of a paged block that nobody shares", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.drop_values();
     },
     [](World& w) {
       w.append(pattern(1'300'000, 3));
       w.reserve(12 * kMib);
     }},
    {"snapshots, readers and clones beside a writable view", StorageOptions::automatic,
     [](World& w) {
       write_small(w);
       w.take_view();
     },
     [](World& w) {
       w.keep_value();
       w.write_through_view(5 * kPage);
       w.keep_twin(true, 9, "reader");
       w.write_through_view(2 * kMib);
       w.keep_twin(false, kMib, "clone");
       w.write_at(70 * kPage, "stream");
       w.keep_read(kPage, 2 * kMib - 2 * kPage);
     }},
    {"the same on a paged block", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.take_view();
     },
     [](World& w) {
       w.keep_value();
       w.write_through_view(5 * kPage);
       w.keep_twin(false, kMib, "clone");
       w.write_through_view(2 * kMib + 50);
       w.keep_value();
     }},
    {"a write after the view is gone", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.take_view();
       w.write_through_view(200 * kPage);
       w.drop_view();
       w.keep_value();
     },
     [](World& w) {
       w.write_at(1, "y");
       w.keep_value();
       w.append(pattern(2 * kMib, 5));
     }},
    {"getbuffer on a shared block", StorageOptions::automatic,
     [](World& w) {
       write_small(w);
       w.keep_value();
     },
     [](World& w) {
       w.take_view();
       w.write_through_view(0);
       w.write_through_view(kMib);
       w.drop_view();
       w.keep_value();
       w.take_view();
       w.write_through_view(1);
     }},
    {"getbuffer and writes after a conversion that was given up", StorageOptions::automatic,
     [](World& w) {
       write_large(w);
       w.keep_twin(false, 0, "twin");
       w.drop_twins();
     },
     [](World& w) {
       w.append("own tail");
       w.write_at(3, "z");
       w.take_view();
       w.write_through_view(2);
     }},
    {"a clone that writes beside its source", StorageOptions::automatic, write_small,
     [](World& w) {
       w.keep_twin(false, 5, "clone");
       w.append("tail of the source");
       w.keep_twin(false, 2 * kMib, pattern(kMib, 6));
       w.write_at(kPage, "source");
     }},
    {"compact", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.dirty_pages(0, 300);
       w.reserve(9 * kMib);
       w.drop_values();
     },
     [](World& w) { w.compact(); }},
    {"compact of a shared block", StorageOptions::automatic, become_paged,
     [](World& w) {
       w.keep_value();
       w.compact();
       w.write_at(8, "after");
     }},
    {"compact of a block paged from birth", StorageOptions::paged,
     [](World& w) {
       write_large(w);
       w.write_at(kMib, pattern(kMib, 7));
     },
     [](World& w) {
       w.compact();
       w.keep_value();
       w.write_at(kMib, "x");
     }},
    {"a new file for a block paged from birth", StorageOptions::paged,
     [](World& w) {
       write_large(w);
       w.write_at(0, pattern(5 * kMib / 2, 7));
     },
     [](World& w) { w.write_at(3 * kMib, "x"); }},
    {"going home in pieces", StorageOptions::automatic,
     [](World& w) {
       write_large(w);
       w.keep_twin(false, 5, "twin");
       w.write_at(kMib, pattern(2 * kMib, 7));
       w.drop_twins();
     },
     [](World& w) { w.write_at(0, pattern(kMib, 8)); }},
    {"going home", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.drop_values();
     },
     [](World& w) {
       w.write_at(0, pattern(kMib, 7));
       w.write_at(kMib, pattern(kMib, 8));
       w.append("more");
     }},
    {"truncate", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.drop_values();
     },
     [](World& w) {
       w.truncate(100'000);
       w.append(pattern(2 * kMib, 9));
     }},
    {"truncate of a shared block", StorageOptions::automatic, become_paged,
     [](World& w) {
       w.keep_value();
       w.truncate(1'500'000);
       w.write_at(1'400'000, "over the end of what is left");
       w.truncate(0);
       w.append("new");
     }},
    {"resize and a gap", StorageOptions::automatic, become_paged,
     [](World& w) {
       w.keep_value();
       w.resize(3 * kMib);
       w.write_at(4 * kMib, "behind a gap");
     }},
    {"paged from birth", StorageOptions::paged, nothing,
     [](World& w) {
       for (std::size_t i = 0; i < 10; ++i) {
         w.append(pattern(200'000, i));
         if (i % 3 == 2) w.keep_value();
       }
       w.write_at(0, "first");
       w.keep_value();
       w.write_at(1'999'990, "across the end of it");
     }},
    {"paged from birth, at once", StorageOptions::paged, nothing,
     [](World& w) {
       write_large(w);
       w.keep_value();
       w.write_at(kMib, "x");
       w.compact();
     }},
    {"given out as a file", StorageOptions::automatic,
     [](World& w) {
       write_small(w);
       w.keep_twin(false, 0, "twin");
     },
     [](World& w) {
       w.look_at_a_file();
       w.look_at_a_file();
       w.append("behind what was given out");
       w.look_at_a_file();
       w.write_at(3, "not in the file");
       w.look_at_a_file();
     }},
    {"a new file when much was copied", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.dirty_pages(0, 200);
       w.keep_value();
       w.dirty_pages(200, 400);
     },
     [](World& w) {
       w.keep_value();
       w.dirty_pages(100, 400, 2);
       w.keep_value();
       w.write_at(kMib, "x");
       w.keep_value();
       w.write_at(kMib, "y");
     }},
    {"drop", StorageOptions::automatic,
     [](World& w) {
       become_paged(w);
       w.keep_value();
       w.write_at(kMib, "x");
       w.keep_twin(false, 5, "twin");
       w.keep_value();
       w.take_view();
     },
     [](World& w) {
       w.drop_value(1);
       w.drop_view();
       w.write_at(kMib, "y");
       w.drop_stream();
       w.drop_twins();
       w.drop_value(0);
     }},
};

/// What every stream must still be able to do, whatever failed before.
void go_on(World& w) {
  w.drop_view();
  w.write_at(1, "going on");
  w.keep_value();
  w.write_at(2, "and on");
  w.append("and on");
  w.check();
  w.drop_values();
  w.write_at(3, "alone");
  w.compact();
  w.check();
}

/// Plays a scenario in a process that must end as it was.
class StorageFailure : public testing::TestWithParam<Scenario> {
 protected:
  void SetUp() override {
    play([](World&) {}, [](World&) {});
    held_ = Holdings::now();
    left_ = Allowance::now();
  }

  void TearDown() override {
    const Holdings held = Holdings::now();
    EXPECT_EQ(held.descriptors, held_.descriptors);
    EXPECT_EQ(held.memory_files, held_.memory_files);
    const Allowance left = Allowance::now();
    EXPECT_EQ(left.descriptors, left_.descriptors);
    EXPECT_EQ(left.mappings, left_.mappings);
  }

  template <class Before, class After>
  void play(Before before, After after) {
    {
      World w(GetParam().tier);
      GetParam().prepare(w);
      before(w);
      GetParam().act(w);
      after(w);
      w.check();
      w.allow({});
      go_on(w);
    }
  }

  /// Returns how many calls were refused.
  std::size_t play_with(const PageFault& fault, std::optional<std::size_t> allocations = {}) {
    std::ostringstream what;
    what << fault;
    SCOPED_TRACE(what.str());
    std::size_t refused = 0;
    std::optional<PageFaults> faults;
    play(
        [&](World& w) {
          w.allow(allocations);
          // Mappings kept for reuse would spare the calls that are to fail.
          if (!fault.call || fault.call == Call::Map) release_cached_memory();
          faults.emplace(fault);
        },
        [&](World& w) {
          faults.reset();
          refused = PageFaults::refused();
          refused_allocations_ = w.refused_allocations();
        });
    return refused;
  }

  std::size_t refused_allocations_ = 0;

 private:
  Holdings held_{};
  Allowance left_{};
};

constexpr std::array kErrors{ENOMEM, EMFILE, EPERM, ENOSPC};

TEST_P(StorageFailure, OfEveryCallOnceOrFromThenOn) {
  for (int kind = -1; kind < detail::pages::kCalls; ++kind) {
    PageFault fault;
    if (kind >= 0) fault.call = static_cast<Call>(kind);
    for (const Repeat repeat : {Repeat::Once, Repeat::FromThenOn}) {
      if (!fault.call && repeat == Repeat::Once) continue;  // each kind alone does that
      fault.repeat = repeat;
      std::size_t refused = 1;
      for (fault.after = 0; refused != 0; ++fault.after) {
        fault.error = kErrors[fault.after % kErrors.size()];
        refused = play_with(fault);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

TEST_P(StorageFailure, OfEveryAllocationWithAndWithoutPages) {
  for (const int kind : {-2, -1, static_cast<int>(Call::MapOver)}) {
    PageFault fault;
    fault.error = kind == -2 ? 0 : ENOMEM;
    if (kind >= 0) fault.call = static_cast<Call>(kind);
    if (kind != -1) fault.repeat = Repeat::Once;
    if (kind == -1) fault.repeat = Repeat::FromThenOn;
    std::size_t allowed = 0;
    do {
      play_with(fault, allowed++);
      if (testing::Test::HasFailure()) FAIL() << allowed - 1 << " allocations allowed";
    } while (refused_allocations_ != 0 && allowed < 100);
  }
}

TEST_P(StorageFailure, OfTheAllowance) {
  for (std::size_t left = 0; left < 8; ++left) {
    SCOPED_TRACE(std::to_string(left) + " mappings left");
    std::size_t taken = 0;
    play(
        [&](World&) {
          taken = Allowance::now().mappings;
          taken -= std::min(taken, left);
          EXPECT_TRUE(taken == 0 || detail::pages::take_mappings(taken));
        },
        [&](World&) { detail::pages::give_mappings(taken); });
    if (testing::Test::HasFailure()) return;
  }
  std::vector<int> files;
  play(
      [&](World&) {
        for (int file = -1; detail::pages::create_file(&file) == 0;) files.push_back(file);
      },
      [&](World&) {
        for (const int file : files) detail::pages::close_file(file);
      });
}

INSTANTIATE_TEST_SUITE_P(Each, StorageFailure, testing::ValuesIn(kScenarios), [](const auto& test) {
  string name = test.param.name;
  std::erase_if(name, [](char c) { return c == ','; });
  for (char& c : name) c = c == ' ' ? '_' : c;
  return name;
});

// --- what a failure leaves behind in blocks that go on living --------------------------------------

/// Calls of a kind that `work` makes.
template <class Work>
std::size_t calls_of(Call call, Work work) {
  const PageFaults counted({.call = call, .repeat = Repeat::FromThenOn, .error = 0});
  work();
  return PageFaults::refused();
}

TEST(StorageFailures, APartialConversionIsFinishedNextTime) {
  QUIRE_SKIP_WITHOUT_PAGES();
  const string& content = large_pattern();
  BytesIO stream = large_stream();
  const Bytes snapshot = stream.getvalue();
  {
    // All pieces but the last go into the file.
    const PageFaults last({.call = Call::Append, .after = 2, .error = ENOSPC});
    stream.write_at(0, "x");
    ASSERT_EQ(PageFaults::refused(), 1u);
  }
  EXPECT_EQ(snapshot, content);
  EXPECT_EQ(calls_of(Call::Append, [&] { BytesIO(snapshot).write_at(0, "y"); }), 1u);
  EXPECT_EQ(calls_of(Call::Append, [&] { BytesIO(snapshot).write_at(0, "z"); }), 0u);
  EXPECT_EQ(snapshot, content);
  EXPECT_EQ(stream.getvalue().slice(1), Bytes(ByteSpan(content)).slice(1));
}

/// A snapshot that has so many pages of its own that the write after it asks for a new file.
Bytes worn_snapshot(BytesIO& stream) {
  const Bytes first = stream.getvalue();
  for (std::size_t page = 0; page < stream.size() / kPage; page += 2) {
    stream.write_at(page * kPage, "d");
  }
  const Bytes second = stream.getvalue();
  stream.write_at(kPage, "e");
  for (std::size_t page = 3; page < stream.size() / kPage; page += 4) {
    stream.write_at(page * kPage, "f");
  }
  return stream.getvalue();
}

// What was still mapped of the file before did not count.
TEST(StorageFailures, AFileThatIsLeftHalfWayCounts) {
  QUIRE_SKIP_WITHOUT_PAGES();
  BytesIO stream{ByteSpan(pattern(16 * kMib, 1))};
  Bytes snapshot = worn_snapshot(stream);
  const string content = snapshot.to_string();
  {
    const PageFaults third({.call = Call::Append, .after = 2, .error = ENOSPC});
    stream.write_at(2, "x");
    ASSERT_EQ(PageFaults::refused(), 1u);
  }
  const string changed = stream.getvalue().to_string();
  stream.close();
  // Two chunks have moved: the rest is in the file before, and three of four pages are its own as well.
  EXPECT_EQ(snapshot.retained_bytes(), 4 * kMib + 12 * kMib + 9 * kMib);
  // The next write finishes it, and with that the file before is gone.
  BytesIO(snapshot).write_at(0, "y");
  EXPECT_EQ(snapshot.retained_bytes(), 16 * kMib);
  EXPECT_EQ(snapshot, content);
  EXPECT_EQ(changed.substr(3), content.substr(3));
}

TEST(StorageFailures, AFileThatIsLeftWhileALongerSnapshotHasItCounts) {
  QUIRE_SKIP_WITHOUT_PAGES();
  BytesIO stream{ByteSpan(pattern(16 * kMib, 1))};
  const Bytes longer = worn_snapshot(stream);
  const string content = longer.to_string();
  stream.truncate(15 * kMib);
  stream.write_at(2, "x");
  stream.close();
  EXPECT_EQ(longer.retained_bytes(), 15 * kMib + kMib + kMib / 4 * 3);
  EXPECT_EQ(longer, content);
}

TEST(StorageFailures, AnOverwrittenHugePageIsNewMemoryUnlessThatIsRefused) {
  QUIRE_SKIP_WITHOUT_PAGES();
  string content = pattern(8 * kMib, 1);
  BytesIO stream = test::left_before(BytesIO(ByteSpan(content)));
  const Bytes snapshot = stream.getvalue();
  stream.write_at(0, "x");
  const auto overwrite = [&](std::size_t at, std::size_t size) {
    return calls_of(Call::MapOver, [&] { stream.write_at(at, string(size, 'y')); });
  };
  EXPECT_EQ(overwrite(6 * kMib, kMib - 1), 0u) << "less than half of it";
  EXPECT_EQ(overwrite(2 * kMib, kMib), 1u);
  EXPECT_EQ(overwrite(2 * kMib, 2 * kMib), 0u) << "it is new already";
  EXPECT_EQ(overwrite(5 * kMib, 2 * kMib), 2u) << "half of two";
  {
    const PageFaults once({.call = Call::MapOver, .error = ENOMEM});
    stream.write_at(0, string(2 * kMib, 'y'));
    EXPECT_EQ(PageFaults::refused(), 1u);
  }
  content[0] = 'x';
  content.replace(0, 4 * kMib, 4 * kMib, 'y');
  content.replace(5 * kMib, 2 * kMib, 2 * kMib, 'y');
  EXPECT_EQ(stream.getvalue(), content);
  EXPECT_EQ(snapshot, pattern(8 * kMib, 1));
}

TEST(StorageFailures, AFirstConversionThatFailsKeepsNoFile) {
  QUIRE_SKIP_WITHOUT_PAGES();
  for (const Call call : {Call::Append, Call::MapOver, Call::MapOverTorn}) {
    BytesIO stream = large_stream();
    const Bytes snapshot = stream.getvalue();
    const Allowance left = Allowance::now();
    {
      const PageFaults once({.call = call, .error = ENOMEM});
      stream.write_at(0, "x");
      ASSERT_EQ(PageFaults::refused(), 1u) << test::name_of(call);
    }
    EXPECT_EQ(Allowance::now().descriptors, left.descriptors) << test::name_of(call);
    EXPECT_EQ(snapshot, large_pattern());
  }
}

class StorageFailureAgain : public testing::TestWithParam<Call> {};

TEST_P(StorageFailureAgain, AndAgainTakesNoMoreEachTime) {
  QUIRE_SKIP_WITHOUT_PAGES();
  BytesIO stream = large_stream();
  const Bytes snapshot = stream.getvalue();
  const auto fail = [&] {
    const PageFaults always({.call = GetParam(), .repeat = Repeat::FromThenOn, .error = ENOMEM});
    BytesIO(snapshot).write_at(0, "x");
    ASSERT_NE(PageFaults::refused(), 0u);
  };
  fail();
  const Allowance left = Allowance::now();
  const std::size_t bytes = test::bytes_in_memory_files();
  for (int i = 0; i < 5; ++i) fail();
  EXPECT_EQ(Allowance::now(), left);
  EXPECT_EQ(test::bytes_in_memory_files(), bytes);
  EXPECT_EQ(snapshot, large_pattern());
}

INSTANTIATE_TEST_SUITE_P(Each, StorageFailureAgain,
                         testing::Values(Call::MemoryFile, Call::Append, Call::MapOver,
                                         Call::MapOverTorn),
                         [](const auto& test) { return string(test::name_of(test.param)); });

TEST(StorageFailures, AStreamPagedFromBirthThatGetsNoFileTakesNoMoreEachTime) {
  QUIRE_SKIP_WITHOUT_PAGES();
  BytesIO stream(StorageOptions{.tier = StorageOptions::paged});
  stream.write(pattern(kMib, 1));
  const Allowance left = Allowance::now();
  const std::size_t bytes = test::bytes_in_memory_files();
  {
    const PageFaults always({.call = Call::MapOver, .repeat = Repeat::FromThenOn, .error = ENOMEM});
    for (int i = 0; i < 40; ++i) stream.write(string(50'000, 'b'));
    EXPECT_NE(PageFaults::refused(), 0u);
  }
  EXPECT_LE(left.mappings, Allowance::now().mappings + 2);
  EXPECT_LE(test::bytes_in_memory_files(), bytes + 5 * kMib);
}

TEST(StorageFailures, ABlockThatGoesFromFileToFileTakesNoMoreEachTime) {
  BytesIO stream = test::left_before(BytesIO(ByteSpan(pattern(2 * kMib, 1))));
  MutableMemoryView view = stream.getbuffer();
  const auto fill_two_files = [&] {
    for (int round = 0; round < 4; ++round) {
      for (std::size_t at = 0; at < view.size(); at += kPage) {
        view[static_cast<std::ptrdiff_t>(at)] = static_cast<std::byte>(round);
      }
      EXPECT_EQ(stream.getvalue().size(), view.size());
    }
  };
  fill_two_files();
  const Allowance left = Allowance::now();
  for (int i = 0; i < 5; ++i) fill_two_files();
  EXPECT_EQ(Allowance::now(), left);
}

TEST(StorageFailures, ABlockThatComesHomeGivesBackWhatItHad) {
  BytesIO stream = test::left_before(BytesIO(ByteSpan(pattern(2 * kMib, 1))));
  const auto there_and_back = [&] {
    Bytes snapshot = stream.getvalue();
    stream.write_at(0, "x");
    snapshot = Bytes();
    stream.compact();
  };
  there_and_back();
  const Allowance left = Allowance::now();
  for (int i = 0; i < 5; ++i) there_and_back();
  EXPECT_EQ(Allowance::now(), left);
}

// --- no way back ---------------------------------------------------------------------------------

/// Which mapping of how many the system takes away, and what it refuses from then on.
std::size_t torn_after = 0;
std::optional<Call> refused_then;
std::size_t let_through = 0;

int tear(Call call) noexcept {
  if (call == Call::MapOverTorn) return torn_after-- == 0 ? ENOMEM : 0;
  const bool torn = torn_after > kLarge;
  return torn && call == refused_then && let_through-- == 0 ? (++let_through, ENOMEM) : 0;
}

void tear_mapping(std::size_t after, std::optional<Call> then, std::size_t but_first = 0) {
  torn_after = after;
  refused_then = then;
  let_through = but_first;
  detail::pages::set_fault_hook(tear);
}

// A pread that is refused, as some sandboxes do, ended the process though the file could be mapped.
TEST(StorageFailures, WhatCannotBeReadBackIsMappedAgain) {
  QUIRE_SKIP_WITHOUT_PAGES();
  // One piece of it after the other, those before being in the file.
  for (std::size_t after = 0; after < 3; ++after) {
    BytesIO stream = large_stream();
    const Bytes snapshot = stream.getvalue();
    tear_mapping(after, Call::ReadBack);
    stream.write_at(0, "x");
    detail::pages::set_fault_hook(nullptr);
    EXPECT_NE(torn_after, 0u) << "was not taken away";
    EXPECT_TRUE(snapshot == large_pattern()) << after;
    string changed = large_pattern();
    changed[0] = 'x';
    EXPECT_TRUE(stream.getvalue() == changed) << after;
  }
}

TEST(StorageFailureDeathTest, OfPuttingBackWhatIsInUseEndsTheProcess) {
  QUIRE_SKIP_WITHOUT_PAGES();
  for (std::size_t after = 0; after < 3; ++after) {
    const auto lose = [&](bool nothing_can_be_read) {
      BytesIO stream = large_stream();
      const Bytes snapshot = stream.getvalue();
      if (nothing_can_be_read) {
        // The new memory is got, what was in it is not.
        tear_mapping(after, Call::MapOver, 1);
        static detail::pages::FaultHook refuse_reading = [](Call call) noexcept {
          return call == Call::ReadBack ? EPERM : tear(call);
        };
        detail::pages::set_fault_hook(refuse_reading);
      } else {
        tear_mapping(after, Call::MapOver);
      }
      stream.write_at(0, "x");
    };
    EXPECT_DEATH(lose(false), "quire: the system took away a mapping that is in use");
    EXPECT_DEATH(lose(true), "quire: the system took away a mapping that is in use");
  }
}

}  // namespace
}  // namespace quire
