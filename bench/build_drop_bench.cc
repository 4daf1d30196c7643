// Building in pieces of 16 KiB and dropping: every size from 4 KiB to 64 MiB. These rows decide from
// which size on a stream maps its memory, and what of it is kept for the next.
//
//   loop   again and again in one process, as a server does
//   cold   once a process: fresh memory, a fresh allocator

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "bench.h"
#include "peers.h"
#include "quire/bytes_io.h"
#include "trial.h"

namespace {

using namespace bench;

constexpr std::size_t kPiece = 16 * kKiB;

/// The plainest growable buffer.
class ReallocWriter {
 public:
  ReallocWriter() = default;
  ReallocWriter(const ReallocWriter&) = delete;
  ReallocWriter& operator=(const ReallocWriter&) = delete;

  ~ReallocWriter() { std::free(data_); }

  void append(const char* data, std::size_t size) {
    if (size_ + size > capacity_) {
      capacity_ = std::max(size_ + size, capacity_ + capacity_ / 2);
      void* const grown = std::realloc(data_, capacity_);
      if (grown == nullptr) std::abort();
      data_ = static_cast<char*>(grown);
    }
    std::memcpy(data_ + size_, data, size);
    size_ += size;
  }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

struct QuireWriter {
  void append(const char* data, std::size_t size) { stream.write({data, size}); }

  quire::BytesIO stream;
};

template <class Writer>
void build(const char* piece, std::size_t piece_size, std::size_t size) {
  Writer writer;
  for (std::size_t at = 0; at < size; at += piece_size) writer.append(piece, piece_size);
  benchmark::DoNotOptimize(writer);
  benchmark::ClobberMemory();
}

template <class Writer>
void rows_of(std::size_t size, const std::string& workload, std::string_view peer) {
  const std::size_t piece_size = std::min(size, kPiece);
  trial_row(workload + " loop", peer, [=](Trial& trial) {
    // Where the pieces lie to what they are copied to, and thus by chance, is a third of the time of
    // a small copy: all distances take their turn.
    constexpr std::size_t kPage = 4096;
    // What a thread allocates once would split the free memory at the end of a young heap for good.
    Writer().append("x", 1);
    const std::string pieces = random_text(piece_size + kPage);
    std::size_t offset = 0;
    const auto build_next = [&] {
      build<Writer>(pieces.data() + offset, piece_size, size);
      offset = (offset + 64) % kPage;
    };
    for (int i = 0; i < 3; ++i) build_next();
    trial.measure([&] {
      for (std::size_t i = 0; i < trial.count(); ++i) build_next();
    });
  });
  once_row(
      workload + " cold", peer,
      [=](Trial& trial) {
        const std::string piece = random_text(piece_size);
        trial.measure([&] { build<Writer>(piece.data(), piece_size, size); });
      },
      false);
}

}  // namespace

int main(int argc, char** argv) {
  for (std::size_t size = 4 * kKiB; size <= 64 * kMiB; size *= 2) {
    const std::string workload = "build/" + size_name(size);
    const std::size_t written = smoke() ? std::min(size, kMiB) : size;
    rows_of<QuireWriter>(written, workload, "quire");
    rows_of<ReallocWriter>(written, workload, "realloc x1.5");
    python_row(workload + " loop", "build", {written, kPiece});
    python_row(workload + " cold", "build_once", {written, kPiece})->Iterations(1);
  }
  return run(argc, argv);
}
