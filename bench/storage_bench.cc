// What sharing pages costs and saves: a write while a snapshot lives, in every order that the design
// has a promise for. "a copy" is memcpy into a fresh mapping with huge pages asked for.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "bench.h"
#include "quire/bytes_io.h"
#include "quire/cached_memory.h"
#include "trial.h"

namespace {

using namespace bench;
using quire::Bytes;
using quire::BytesIO;
using quire::StorageOptions;

constexpr StorageOptions kAutomatic;
constexpr StorageOptions kHeap{.tier = StorageOptions::heap};
constexpr StorageOptions kPaged{.tier = StorageOptions::paged};

/// Has the machine get memory for what comes next on `size` bytes: themselves, a file, pages of their own.
/// Right before it is measured, for a host takes back what lies free for two seconds.
void ready_for(std::size_t size) {
  if (size < kGiB) ready_memory(3 * size);
}

/// A stream as a program makes one: written in pieces, read from the start.
BytesIO filled(std::size_t size, const StorageOptions& options) {
  ready_for(size);
  BytesIO stream(options);
  const std::string piece = random_text(std::min(size, kMiB));
  for (std::size_t at = 0; at < size; at += piece.size()) stream.write(piece);
  stream.seek(0);
  return stream;
}

/// Reads a byte of each cache line, so that the memory and not the adding is what takes the time.
void read_all(const std::byte* data, std::size_t size) {
  unsigned sum = 0;
  for (std::size_t at = 0; at < size; at += 64) sum += static_cast<unsigned>(data[at]);
  benchmark::DoNotOptimize(sum);
}

/// Places that no two rows differ in.
class Places {
 public:
  explicit Places(std::size_t size) : size_(size) {}

  [[nodiscard]] std::size_t next() { return random_() % size_; }

 private:
  std::minstd_rand random_{7};
  std::size_t size_;
};

// --- at every size -------------------------------------------------------------------------------

/// getvalue kept, 1 B written, all read once; the next value takes the place of the one before. What a
/// process does in its first round, such as moving the bytes into a file, is in "first time" alone.
void sweep_rows(std::size_t size) {
  const std::string workload = "share and read/" + size_name(size);
  if (smoke()) size = std::min(size, kMiB);
  const auto by_quire = [=](const StorageOptions& options, int unmeasured) {
    return [=](Trial& trial) {
      BytesIO stream = filled(size, options);
      Places places(size);
      Bytes kept;
      const auto round = [&] {
        kept = stream.getvalue();
        stream.write_at(places.next(), "y");
        const Bytes now = stream.read_at(0, size);
        read_all(now.data(), size);
      };
      for (int i = 0; i < unmeasured; ++i) round();
      trial.measure([&] {
        for (std::size_t i = 0; i < trial.count(); ++i) round();
      });
    };
  };
  trial_row(workload, "quire", by_quire(kAutomatic, 3));
  once_row(workload, "quire first time", by_quire(kAutomatic, 0), false);
  trial_row(workload, "quire heap", by_quire(kHeap, 3));
  const auto by_copy = [=](int unmeasured) {
    return [=](Trial& trial) {
      ready_for(size);
      std::string data = random_text(size);
      Places places(size);
      std::optional<FreshCopy> kept;
      const auto round = [&] {
        kept.reset();
        kept.emplace(data.data(), size);
        data[places.next()] = 'y';
        read_all(reinterpret_cast<const std::byte*>(data.data()), size);
      };
      for (int i = 0; i < unmeasured; ++i) round();
      trial.measure([&] {
        for (std::size_t i = 0; i < trial.count(); ++i) round();
      });
    };
  };
  trial_row(workload, "a copy", by_copy(3));
  once_row(workload, "a copy first time", by_copy(0), false);
  // Not what programs can count on, but the least that a copy takes: into memory that is there.
  trial_row(workload, "a warm copy", [=](Trial& trial) {
    std::string data = random_text(size);
    Places places(size);
    const std::unique_ptr<void, decltype(&std::free)> kept(std::malloc(size), std::free);
    if (kept == nullptr) std::abort();
    const auto round = [&] {
      std::memcpy(kept.get(), data.data(), size);
      benchmark::DoNotOptimize(kept.get());
      benchmark::ClobberMemory();
      data[places.next()] = 'y';
      read_all(reinterpret_cast<const std::byte*>(data.data()), size);
    };
    for (int i = 0; i < 3; ++i) round();
    trial.measure([&] {
      for (std::size_t i = 0; i < trial.count(); ++i) round();
    });
  });
}

// --- one write -----------------------------------------------------------------------------------

/// memcpy of `size` bytes into fresh memory.
void copy_row(const std::string& workload, std::size_t size) {
  once_row(workload, "a copy", [=](Trial& trial) {
    const FreshCopy source(random_text(size).data(), size);
    std::optional<FreshCopy> copy;
    ready_for(size);
    trial.measure([&] { copy.emplace(source.data(), size); });
  });
}

/// The first write after a getvalue that is kept, on streams that were never shared before; and the
/// one after the next getvalue.
void write_rows(std::size_t size) {
  const std::string workload = "write/1 B after getvalue, " + size_name(size);
  size = scaled(size);
  const auto first = [=](const StorageOptions& options) {
    return [=](Trial& trial) {
      BytesIO stream = filled(size, options);
      const Bytes kept = stream.getvalue();
      ready_for(size);
      trial.measure([&] { stream.write_at(size / 2, "y"); });
    };
  };
  once_row(workload, "quire", first(kAutomatic));
  once_row(workload, "quire paged", first(kPaged));
  once_row(workload, "quire heap", first(kHeap));
  once_row(workload, "quire second time", [=](Trial& trial) {
    BytesIO stream = filled(size, kAutomatic);
    const Bytes kept = stream.getvalue();
    stream.write_at(size / 3, "y");
    const Bytes second = stream.getvalue();
    ready_for(size);
    trial.measure([&] { stream.write_at(size / 2, "y"); });
  });
  copy_row(workload, size);
}

/// All bytes overwritten while a snapshot shows the old ones.
void rewrite_rows(std::size_t size) {
  const std::string suffix = ", " + size_name(size);
  size = scaled(size);
  for (const std::size_t piece : {size, std::min(size, kMiB)}) {
    const std::string workload =
        (piece == size ? "rewrite/one write" : "rewrite/writes of 1 MiB") + suffix;
    const auto by_quire = [=](const StorageOptions& options, bool again) {
      return [=](Trial& trial) {
        BytesIO stream = filled(size, options);
        const FreshCopy text(random_text(size).data(), size);
        Bytes kept = stream.getvalue();
        if (again) {
          stream.write_at(size / 2, "y");
          kept = stream.getvalue();
        }
        ready_for(size);
        trial.measure([&] {
          for (std::size_t at = 0; at < size; at += piece) {
            stream.write({text.data() + at, std::min(piece, size - at)});
          }
        });
      };
    };
    once_row(workload, "quire", by_quire(kAutomatic, false));
    once_row(workload, "quire paged", by_quire(kPaged, false));
    once_row(workload, "quire second time", by_quire(kAutomatic, true));
    copy_row(workload, size);
  }
}

// --- many writes ---------------------------------------------------------------------------------

/// Rounds of getvalue and a byte written at a random page, all values kept. Tells the median round,
/// and the mean of each twentieth: the curve.
void kept_snapshots_rows(std::size_t size) {
  const std::size_t rounds = scaled(1000);
  const std::string workload = "snapshots/1000 kept, " + size_name(size);
  size = scaled(size);
  const auto by_quire = [=](const StorageOptions& options) {
    return [=](Trial& trial) {
      BytesIO stream = filled(size, options);
      Places places(size);
      std::vector<Bytes> kept(rounds);
      std::vector<double> seconds(rounds);
      ready_for(size);
      trial.measure([&] {
        double before = processor_seconds();
        for (std::size_t i = 0; i < rounds; ++i) {
          kept[i] = stream.getvalue();
          stream.write_at(places.next(), "y");
          const double after = processor_seconds();
          seconds[i] = after - before;
          before = after;
        }
      });
      constexpr std::size_t kPoints = 20;
      for (std::size_t point = 0; point < kPoints; ++point) {
        const std::size_t begin = rounds * point / kPoints;
        const std::size_t end = std::max(begin + 1, rounds * (point + 1) / kPoints);
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i) sum += seconds[i];
        trial.note((point < 10 ? "curve_0" : "curve_") + std::to_string(point),
                   sum / static_cast<double>(end - begin));
      }
      std::nth_element(seconds.begin(), seconds.begin() + static_cast<std::ptrdiff_t>(rounds / 2),
                       seconds.end());
      trial.note("median_seconds", seconds[rounds / 2]);
      trial.note("kept", static_cast<double>(rounds));
    };
  };
  once_row(workload, "quire", by_quire(kAutomatic));
  once_row(workload, "quire paged", by_quire(kPaged));
}

/// The same, each value dropped before the write: nothing is shared any more.
void dropped_snapshots_row(std::size_t size) {
  const std::string workload = "snapshots/dropped before the write, " + size_name(size);
  size = scaled(size);
  trial_row(workload, "quire", [=](Trial& trial) {
    BytesIO stream = filled(size, kAutomatic);
    Places places(size);
    std::vector<std::size_t> at(1024);
    for (std::size_t& place : at) place = places.next();
    const quire::Ledger before = stream.ledger();
    ready_for(size);
    trial.measure([&] {
      for (std::size_t i = 0; i < trial.count(); ++i) {
        benchmark::DoNotOptimize(stream.getvalue());
        stream.write_at(at[i % at.size()], "y");
      }
    });
    const quire::Ledger done = stream.ledger() - before;
    trial.note("copied_bytes",
               static_cast<double>(done.copied_for(quire::CopyReason::CopyOnWrite)));
  });
}

/// 1,000 writes at random places after one getvalue.
void scattered_writes_rows(std::size_t size) {
  const std::size_t writes = scaled(1000);
  const std::string workload = "write/1000 x 1 B after one getvalue, " + size_name(size);
  size = scaled(size);
  const auto by_quire = [=](const StorageOptions& options, bool again) {
    return [=](Trial& trial) {
      BytesIO stream = filled(size, options);
      Places places(size);
      Bytes kept = stream.getvalue();
      if (again) {
        stream.write_at(size / 2, "y");
        kept = stream.getvalue();
      }
      ready_for(size);
      trial.measure([&] {
        for (std::size_t i = 0; i < writes; ++i) stream.write_at(places.next(), "y");
      });
    };
  };
  once_row(workload, "quire", by_quire(kAutomatic, false));
  once_row(workload, "quire paged", by_quire(kPaged, false));
  once_row(workload, "quire second time", by_quire(kAutomatic, true));
  copy_row(workload, size);
}

// --- growing beside a snapshot -------------------------------------------------------------------

/// 4 KiB appended to a stream that has no room left, while its value is kept. These rows decide from which size
/// on such a stream moves its bytes into a file, kGrowsSharedFrom in src/storage.h; "quire heap" and "a copy"
/// copy them at every size, as "quire" does below it. They tell what is weighed there: moving takes longer where
/// the memory for a copy is at hand ("loop"), less time and none of that memory where it is not ("cold").
///
///   cold   once a process, in memory that it never had
///   loop   again and again, each time with a stream that was never shared before: that of a kept value would
///          have its file already. What was freed is kept for the next, as far as each allocator does that
///
/// "A copy" leaves out the room that a stream gets besides.
void grow_rows(std::size_t size) {
  const std::string workload = "grow beside a snapshot/" + size_name(size);
  if (smoke()) size = std::min(size, kMiB);
  const auto full = [=](const StorageOptions& options, const std::string& text) {
    BytesIO stream(options);
    stream.reserve(size);
    for (std::size_t at = 0; at < size; at += text.size()) stream.write(text);
    if (stream.capacity() != size) std::abort();
    return stream;
  };
  const auto cold = [=](const StorageOptions& options) {
    return [=](Trial& trial) {
      const std::string text = random_text(kMiB);
      ready_for(size);
      BytesIO stream = full(options, text);
      const Bytes kept = stream.getvalue();
      ready_for(size);
      trial.measure([&] { stream.write({text.data(), 4 * kKiB}); });
    };
  };
  const auto loop = [=](const StorageOptions& options) {
    return [=](Trial& trial) {
      const std::string text = random_text(kMiB);
      constexpr std::size_t kUnmeasured = 3;
      ready_for(size);
      for (std::size_t i = 0; i < kUnmeasured + trial.count(); ++i) {
        BytesIO stream = full(options, text);
        const Bytes kept = stream.getvalue();
        const auto grow = [&] { stream.write({text.data(), 4 * kKiB}); };
        if (i < kUnmeasured) {
          grow();
        } else {
          trial.measure(grow);
        }
      }
    };
  };
  once_row(workload + " cold", "quire", cold(kAutomatic));
  once_row(workload + " cold", "quire heap", cold(kHeap));
  copy_row(workload + " cold", size);
  trial_row(workload + " loop", "quire", loop(kAutomatic));
  trial_row(workload + " loop", "quire heap", loop(kHeap));
  trial_row(workload + " loop", "a copy", [=](Trial& trial) {
    const FreshCopy source(random_text(size).data(), size);
    ready_for(size);
    for (std::size_t i = 0; i < trial.count(); ++i) {
      std::optional<FreshCopy> copy;
      trial.measure([&] { copy.emplace(source.data(), size); });
    }
  });
}

// --- beside a view -------------------------------------------------------------------------------

/// getvalue while a writable view lives.
void view_rows(std::size_t size) {
  const std::string workload = "view/getvalue beside a writable view, " + size_name(size);
  size = scaled(size);
  const auto by_quire = [=](const StorageOptions& options, bool again) {
    return [=](Trial& trial) {
      BytesIO stream = filled(size, options);
      const quire::MutableMemoryView view = stream.getbuffer();
      Bytes before;
      if (again) before = stream.getvalue();
      Bytes value;
      ready_for(size);
      trial.measure([&] { value = stream.getvalue(); });
    };
  };
  once_row(workload, "quire", by_quire(kAutomatic, false));
  once_row(workload, "quire paged", by_quire(kPaged, false));
  once_row(workload, "quire second time", by_quire(kAutomatic, true));
  copy_row(workload, size);
}

/// Small writes through the stream while a view of it lives: its block learns later what was written.
void writes_beside_view_rows() {
  static constexpr std::string_view kRecord = "eight B.";
  const std::size_t size = scaled(16 * kMiB);
  const std::string workload = "view/8 B written, " + size_name(16 * kMiB);
  const auto by_quire = [=](const StorageOptions& options, bool beside_view) {
    return [=](Trial& trial) {
      BytesIO stream = filled(size, options);
      std::optional<quire::MutableMemoryView> view;
      if (beside_view) view.emplace(stream.getbuffer());
      trial.measure([&] {
        for (std::size_t i = 0; i < trial.count(); ++i) {
          if (stream.tell() + kRecord.size() > size) stream.seek(0);
          stream.write(kRecord);
        }
      });
    };
  };
  trial_row(workload, "quire", by_quire(kAutomatic, true));
  trial_row(workload, "quire heap", by_quire(kHeap, true));
  trial_row(workload, "quire without a view", by_quire(kAutomatic, false));
}

// --- logs ----------------------------------------------------------------------------------------

/// A log that is shipped after every record; the value before is dropped only after.
void log_rows() {
  constexpr std::size_t kRecord = 4 * kKiB;
  for (const std::size_t all : {std::size_t{2000}, std::size_t{10'000}}) {
    const std::size_t rounds = scaled(all);
    const std::string workload = "log/" + std::to_string(all) + " x append 4 KiB, getvalue";
    const auto by_quire = [=](bool keep_all) {
      return [=](Trial& trial) {
        const std::string record = random_text(kRecord);
        BytesIO stream;
        std::vector<Bytes> values(keep_all ? rounds : 1);
        trial.measure([&] {
          for (std::size_t i = 0; i < rounds; ++i) {
            stream.write(record);
            values[keep_all ? i : 0] = stream.getvalue();
          }
        });
        trial.note("data_bytes", static_cast<double>(rounds * kRecord));
      };
    };
    once_row(workload, "quire", by_quire(false));
    once_row(workload, "quire all kept", by_quire(true));
  }
}

/// Reads that are kept, between overwrites elsewhere.
void read_overwrite_rows(std::size_t size) {
  constexpr std::size_t kPiece = 100;
  const std::size_t rounds = scaled(100'000);
  const std::string workload = "log/read 100 B kept, overwrite, " + size_name(size);
  size = std::max(scaled(size), 64 * kKiB);
  once_row(workload, "quire", [=](Trial& trial) {
    BytesIO stream = filled(size, kAutomatic);
    Places places(size - kPiece);
    std::vector<std::pair<std::size_t, std::size_t>> at(rounds);
    for (auto& [from, to] : at) {
      from = places.next();
      to = places.next();
    }
    const std::string piece(kPiece, 'z');
    std::vector<Bytes> kept(rounds);
    trial.measure([&] {
      for (std::size_t i = 0; i < rounds; ++i) {
        stream.seek(static_cast<std::ptrdiff_t>(at[i].first));
        kept[i] = stream.read(kPiece);
        stream.seek(static_cast<std::ptrdiff_t>(at[i].second));
        stream.write(piece);
      }
    });
    trial.note("read_bytes", static_cast<double>(rounds * kPiece));
    trial.note("block_bytes", static_cast<double>(size));
  });
  python_row(workload, "read_overwrite", {size, rounds})->Iterations(1);
}

// --- memory at rest ------------------------------------------------------------------------------

/// Streams that were written and are kept, nothing shared.
void at_rest_rows() {
  struct Rest {
    std::size_t count;
    std::size_t size;
  };
  for (const Rest rest : {Rest{1000, 300 * kKiB}, Rest{100, 3 * kMiB}, Rest{1, 50 * kMiB}}) {
    const std::string workload =
        "rest/" + std::to_string(rest.count) + " of " + size_name(rest.size);
    const std::size_t count = smoke() ? std::max<std::size_t>(1, rest.count / 50) : rest.count;
    for (const std::size_t piece : {16 * kKiB, std::size_t{100}}) {
      const std::string peer = piece == 100 ? "quire by 100 B" : "quire";
      once_row(workload, peer, [=](Trial& trial) {
        const std::string text = random_text(piece);
        std::vector<BytesIO> streams(count);
        trial.measure([&] {
          for (BytesIO& stream : streams) {
            for (std::size_t at = 0; at < rest.size; at += piece) {
              stream.write({text.data(), std::min(piece, rest.size - at)});
            }
          }
        });
        trial.note("data_bytes", static_cast<double>(count * rest.size));
        trial.note("streams", static_cast<double>(count));
      });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  for (std::size_t size = 4 * kKiB; size <= 64 * kMiB; size *= 2) {
    sweep_rows(size);
  }
  for (std::size_t size = kMiB; size <= 32 * kMiB; size *= 2) grow_rows(size);
  std::vector<std::size_t> sizes{kMiB, 16 * kMiB, 100 * kMiB};
  if (has_room_for_gib()) sizes.push_back(kGiB);
  for (const std::size_t size : sizes) {
    write_rows(size);
    scattered_writes_rows(size);
    rewrite_rows(size);
    view_rows(size);
    kept_snapshots_rows(size);
    dropped_snapshots_row(size);
  }
  writes_beside_view_rows();
  log_rows();
  for (const std::size_t size : {64 * kKiB, kMiB, 100 * kMiB}) read_overwrite_rows(size);
  at_rest_rows();
  return run(argc, argv);
}
