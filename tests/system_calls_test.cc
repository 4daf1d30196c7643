// System calls in child processes: spilled streams where some are forbidden, and what makes none at all.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "quire/bytes_io.h"
#include "quire/spooled_io.h"
#include "support/child_process.h"
#include "support/forbidden_calls.h"
#include "support/skips.h"
#include "support/storage.h"
#include "support/temp_directory.h"

namespace quire::test {
namespace {

/// What a child returns.
enum Status { Fine = 0, Wrong = 1, NotSetUp = 3 };

// --- spilled streams where some are forbidden ------------------------------------------------------

/// A stream that goes to disk and all that was taken from it. Each step happens, or throws what it may
/// and changes nothing.
class SpilledLife {
 public:
  SpilledLife() : stream_(options()) {}

  [[nodiscard]] bool right() const { return right_; }

  [[nodiscard]] bool rolled() const { return stream_.rolled(); }

  /// To the disk, with a snapshot from before and some pages that differ.
  void begin() {
    write(0, pattern(2 * kMib, 2));
    keep();
    write(data_.size(), pattern(100 * kKib, 3));
    write(700 * kKib, pattern(10 * kPage, 4));
  }

  void go_on() {
    for (std::size_t i = 0; i < 6; ++i) {
      write(i * 100 * kKib, pattern(50, i));
      keep();
      write(data_.size(), pattern(200 * kKib, i));
      // All of it in the end, so that changes go back into a file.
      for (std::size_t at = 0; at + 200 * kKib < data_.size(); at += 200 * kKib) {
        write(at, pattern(150 * kKib, i + at));
      }
      if (i == 3) kept_.clear();
    }
    look_beside_a_view();
    have_twins();
    look_at_a_file();
    attempt([&] { stream_.resize(5 * kMib); }, [&] { data_.resize(5 * kMib); });
    attempt([&] { stream_.truncate(kMib); }, [&] { data_.resize(std::min(data_.size(), kMib)); });
    attempt([&] { stream_.compact(); }, [] {});
    keep();
    write(5, "compacted");
  }

 private:
  static SpooledOptions options() { return {.max_size = 2 * kMib, .directory = fast_directory()}; }

  struct Kept {
    Bytes bytes;
    std::string content;
  };

  template <class Change, class Same>
  bool attempt(Change change, Same same) {
    bool done = true;
    try {
      change();
    } catch (const std::system_error& refusal) {
      done = false;
      const std::string_view what(refusal.what());
      const bool named = what.find(fast_directory()) != what.npos || what.starts_with("file in ");
      if (refusal.code().value() == 0 || !named) wrong(refusal.what());
    } catch (const std::bad_alloc&) {
      done = false;
    }
    if (done) same();
    check();
    return done;
  }

  void write(std::size_t at, const std::string& bytes) {
    attempt([&] { stream_.write_at(at, bytes); },
            [&] {
              data_.resize(std::max(data_.size(), at + bytes.size()));
              data_.replace(at, bytes.size(), bytes);
            });
  }

  void keep() {
    Bytes value;
    attempt([&] { value = stream_.getvalue(); }, [&] { kept_.push_back({value, data_}); });
  }

  void look_beside_a_view() {
    std::optional<MutableMemoryView> view;
    attempt([&] { view.emplace(stream_.getbuffer()); }, [] {});
    if (!view) return;
    for (std::size_t page = 0; page < 100; ++page) {
      (*view)[static_cast<std::ptrdiff_t>(page * kPage)] = std::byte{'v'};
      data_[page * kPage] = 'v';
    }
    keep();
    (*view)[7] = std::byte{'w'};
    data_[7] = 'w';
    keep();
  }

  void have_twins() {
    attempt(
        [&] {
          SpooledIO twin = stream_.clone();
          std::string expected = data_;
          try {
            twin.write_at(9, "twin");
            expected.replace(9, 4, "twin");
          } catch (const std::bad_alloc&) {
          } catch (const std::system_error&) {
          }
          if (ByteSpan(twin.getvalue()).as_chars() != expected) wrong("a twin");
          const SpooledIO reader = stream_.reader();
          if (ByteSpan(reader.getvalue()).as_chars() != data_) wrong("a reader");
        },
        [] {});
  }

  void look_at_a_file() {
    std::optional<FilePath> path;
    attempt([&] { path.emplace(stream_.as_path()); }, [] {});
    if (!path) return;
    std::string content(data_.size() + 1, '\0');
    std::size_t filled = 0;
    for (ssize_t got = 1; got > 0; filled += static_cast<std::size_t>(got)) {
      got = ::read(path->fileno(), content.data() + filled, content.size() - filled);
      if (got < 0) return wrong("a file cannot be read");
    }
    if (std::string_view(content).substr(0, filled) != data_) wrong("a file");
  }

  void check() {
    if (!matches({stream_.getvalue(), data_})) wrong("the stream");
    for (const Kept& kept : kept_) {
      if (!matches(kept)) wrong("a snapshot");
    }
  }

  static bool matches(const Kept& kept) { return ByteSpan(kept.bytes).as_chars() == kept.content; }

  void wrong(const char* what) {
    std::fprintf(stderr, "wrong: %s\n", what);
    right_ = false;
  }

  SpooledIO stream_;
  std::string data_;
  std::vector<Kept> kept_;
  bool right_ = true;
};

/// From the beginning, and once the stream is on the disk.
void expect_a_life_without(const std::vector<Forbidden>& calls) {
  const auto forbid_them = [&] { return std::all_of(calls.begin(), calls.end(), forbid); };
  for (const bool from_the_beginning : {true, false}) {
    const int status = in_child([&] {
      if (from_the_beginning && !forbid_them()) return NotSetUp;
      SpilledLife life;
      life.begin();
      if (!from_the_beginning && (!life.rolled() || !forbid_them())) return NotSetUp;
      life.go_on();
      return life.right() ? Fine : Wrong;
    });
    EXPECT_EQ(status, Fine) << testing::PrintToString(calls)
                            << (from_the_beginning ? " from the beginning" : " later");
  }
}

TEST(SpilledStreams, LiveWithForbiddenSystemCalls) {
  expect_a_life_without({});
  for (const Forbidden& call : kForbidden) {
    if (may_forbid(call)) expect_a_life_without({call});
  }
}

/// Whether a stream that may not make these calls goes to disk all the same.
int spills_without(const std::vector<Forbidden>& calls) {
  return in_child([&] {
    if (!std::all_of(calls.begin(), calls.end(), forbid)) return NotSetUp;
    SpilledLife life;
    life.begin();
    if (!life.rolled()) return NotSetUp;
    life.go_on();
    return life.right() ? Fine : Wrong;
  });
}

constexpr auto kHasBits = Forbidden::When::HasBits;

// A kernel or a file system from before there were such things.
TEST(SpilledStreams, NeedNoFilesWithoutANameNorRoomInAdvanceNorCopies) {
  QUIRE_SKIP_SANITIZED("a sanitizer opens files itself");
  for (const int error : {EOPNOTSUPP, EISDIR, EINVAL}) {
    const Forbidden unnamed{"files without a name",
                            __NR_openat,
                            static_cast<unsigned>(error),
                            kHasBits,
                            2,
                            kUnnamedFile};
    EXPECT_EQ(spills_without({unnamed}), Fine) << unnamed;
    EXPECT_EQ(spills_without({unnamed,
                              {"fallocate", __NR_fallocate, EOPNOTSUPP},
                              {"copy_file_range", __NR_copy_file_range, ENOSYS}}),
              Fine)
        << unnamed << ", and more";
  }
}

// --- what makes no system call ---------------------------------------------------------------------

/// Does `work` once as it is, and then many times where the first system call would end the process.
/// For a child, which ends with it: to free a block is a call as well.
[[noreturn]] void repeat_without_calls(const std::function<void()>& work) {
  work();
  if (!forbid_all()) ::_exit(NotSetUp);
  for (int i = 0; i < 100; ++i) work();
  ::_exit(Fine);
}

void require(bool condition) {
  if (!condition) ::_exit(Wrong);
}

/// How a stream came to be what it is.
enum class Past { Built, WrittenUnderASnapshot, Spilled };

constexpr Past kPasts[] = {Past::Built, Past::WrittenUnderASnapshot, Past::Spilled};

/// Runs `work` with a stream of that many bytes in a child.
template <class Work>
int with_stream(std::size_t size, Past past, Work work) {
  return in_child([&] {
    const std::string content = pattern(size);
    if (past == Past::Spilled) {
      SpooledIO stream(ByteSpan(content),
                       SpooledOptions{.max_size = 80 * kMib, .directory = fast_directory()});
      stream.rollover();
      work(stream);
    } else {
      BytesIO stream{ByteSpan(content)};
      if (past == Past::WrittenUnderASnapshot) {
        const Bytes snapshot = stream.getvalue();
        stream.write_at(0, content.substr(0, 1));
      }
      work(stream);
    }
    return NotSetUp;
  });
}

// Else the tests below prove nothing.
TEST(NoSystemCall, MayBeMadeThere) {
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  EXPECT_EQ(in_child([] {
              repeat_without_calls([] { static_cast<void>(::getppid()); });
              return 0;
            }),
            -SIGSYS);
}

TEST(NoSystemCall, HandingOutAndDroppingWhatShares) {
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  for (const std::size_t size : {kKib, kMib, 64 * kMib}) {
    for (const Past past : kPasts) {
      const auto work = [&](auto& stream) {
        repeat_without_calls([&] {
          const Bytes value = stream.getvalue();
          const Bytes copy = value;
          const Bytes slice = stream.slice(1, -1);
          require(copy.size() == size && slice.slice(1).size() == size - 3);
          const auto reader = stream.reader();
          const auto clone = stream.clone();
          require(reader.size() == size && clone.size() == size);
        });
      };
      EXPECT_EQ(with_stream(size, past, work), Fine)
          << size << " bytes, past " << static_cast<int>(past);
    }
  }
}

TEST(NoSystemCall, ReadingAndSeeking) {
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  for (const std::size_t size : {kKib, kMib, 64 * kMib}) {
    for (const Past past : kPasts) {
      const auto work = [&](auto& stream) {
        std::vector<char> target(100);
        repeat_without_calls([&] {
          stream.seek(10);
          require(stream.read(100).size() == 100);
          require(stream.readinto(MutableByteSpan(target.data(), target.size())) == 100);
          require(stream.peek(100).size() == 100 && stream.read_at(200, 100).size() == 100);
          require(stream.readline(50).size() <= 50);
          require(stream.find("never there, that much is sure", 0, 1000) == npos);
          require(stream.read().size() < size && stream.tell() == stream.size());
        });
      };
      EXPECT_EQ(with_stream(size, past, work), Fine)
          << size << " bytes, past " << static_cast<int>(past);
    }
  }
}

TEST(NoSystemCall, WritingToWhatIsTheStreamsOwn) {
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  for (const std::size_t size : {kKib, kMib, 64 * kMib}) {
    for (const Past past : kPasts) {
      const auto work = [&](auto& stream) {
        std::size_t at = 0;
        repeat_without_calls([&] {
          // The snapshot is dropped before the write.
          require(stream.getvalue().size() == size);
          at = (at + 7777 * kPage + 1) % (size - 1);
          stream.write_at(at, "x");
          require(stream.read_at(at, 1) == ByteSpan("x"));
        });
      };
      EXPECT_EQ(with_stream(size, past, work), Fine)
          << size << " bytes, past " << static_cast<int>(past);
    }
  }
}

TEST(NoSystemCall, AppendingBesideASnapshotWhereThereAreThePages) {
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  for (const std::size_t size : {kKib, kMib, 64 * kMib}) {
    for (const Past past : kPasts) {
      const auto work = [&](auto& stream) {
        stream.reserve(size + kMib);
        stream.seek(0, Whence::End);
        const Bytes snapshot = stream.getvalue();
        repeat_without_calls([&] {
          stream.write("Not so many that the pages come to an end.");
          require(snapshot.size() == size);
        });
      };
      EXPECT_EQ(with_stream(size, past, work), Fine)
          << size << " bytes, past " << static_cast<int>(past);
    }
  }
}

TEST(NoSystemCall, WorkingInsideAFixedBuffer) {
  QUIRE_SKIP_SANITIZED("its memory is not what it is");
  const int status = in_child([] {
    std::vector<std::byte> memory(kMib);
    BytesIO stream = BytesIO::over(memory);
    std::vector<char> target(kMib);
    const std::string content = pattern(kMib);
    repeat_without_calls([&] {
      stream.truncate(0);
      stream.seek(0);
      require(stream.write(content) == kMib);
      stream.seek(0);
      require(stream.readinto(MutableByteSpan(target.data(), target.size())) == kMib);
      require(stream.getbuffer().size() == kMib);
    });
    return NotSetUp;
  });
  EXPECT_EQ(status, Fine);
}

}  // namespace
}  // namespace quire::test
