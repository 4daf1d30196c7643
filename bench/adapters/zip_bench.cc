// An archive made and read in memory, beside libzip's own buffers and beside a file.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>
#include <zip.h>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/zip.h"
#include "quire/bytes_io.h"
#include "quire/ledger.h"

namespace {

using namespace bench;

constexpr int kMembers = 8;

const quire::Bytes& content() {
  static const quire::Bytes content(random_text(scaled(4 * kMiB)));
  return content;
}

std::string name_of(int member) {
  return "member " + std::to_string(member);
}

/// Adds the members to an archive of libzip's, not compressed: what is measured is how bytes move.
void add_members(zip_t* zip) {
  for (int i = 0; i < kMembers; ++i) {
    zip_source_t* const source = zip_source_buffer(zip, content().data(), content().size(), 0);
    const zip_int64_t index = zip_file_add(zip, name_of(i).c_str(), source, 0);
    zip_set_file_compression(zip, static_cast<zip_uint64_t>(index), ZIP_CM_STORE, 0);
  }
}

/// `work()` returns the bytes of the archive, or of what was read.
template <class Work>
void zip_row(const std::string& workload, std::string_view peer, Work work) {
  long_row("zip/" + workload, peer, [=](benchmark::State& state) {
    std::uint64_t copied = 0;
    const Moved moved(state);
    for (auto _ : state) {
      const quire::Ledger before = quire::thread_ledger();
      if (work() < kMembers * content().size()) state.SkipWithError("something is missing");
      copied = (quire::thread_ledger() - before).copied_total();
    }
    state.counters["copied_bytes"] = static_cast<double>(copied);
    count_bytes(state, kMembers * content().size());
  });
}

quire::Bytes archive_by_quire() {
  quire::BytesIO stream;
  quire::ZipFile zip(stream, "w");
  for (int i = 0; i < kMembers; ++i) {
    zip.writestr(name_of(i), content(), {.compression = quire::ZipCompression::Stored});
  }
  zip.close();
  return stream.getvalue();
}

std::string archive_by_buffer() {
  zip_source_t* const source = zip_source_buffer_create(nullptr, 0, 1, nullptr);
  zip_source_keep(source);
  zip_t* const zip = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, nullptr);
  add_members(zip);
  if (zip_close(zip) != 0) std::abort();
  zip_stat_t stat;
  zip_source_stat(source, &stat);
  std::string result(stat.size, '\0');
  zip_source_open(source);
  zip_source_read(source, result.data(), result.size());
  zip_source_close(source);
  zip_source_free(source);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string write = "write 8 x 4 MiB, value";
  zip_row(write, "quire", [] { return archive_by_quire().size(); });
  zip_row(write, "zip_source_buffer", [] { return archive_by_buffer().size(); });
  zip_row(write, "a file", [] {
    const std::string path = "/tmp/quire-bench-zip-" + std::to_string(::getpid());
    zip_t* const zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    add_members(zip);
    if (zip_close(zip) != 0) std::abort();
    const quire::Bytes result = quire::Bytes::map_file(path);
    ::unlink(path.c_str());
    return result.size();
  });

  const quire::Bytes archive = archive_by_quire();
  const std::string read = "read 8 x 4 MiB";
  zip_row(read, "quire", [=] {
    const quire::ZipFile zip{quire::BytesIO(archive)};
    std::size_t size = 0;
    for (const std::string& name : zip.namelist()) size += zip.read(name).size();
    return size;
  });
  zip_row(read, "zip_source_buffer", [=] {
    zip_source_t* const source =
        zip_source_buffer_create(archive.data(), archive.size(), 0, nullptr);
    zip_t* const zip = zip_open_from_source(source, ZIP_RDONLY, nullptr);
    std::size_t size = 0;
    for (zip_uint64_t i = 0; i < kMembers; ++i) {
      zip_stat_t stat;
      zip_stat_index(zip, i, 0, &stat);
      std::vector<char> member(stat.size);
      zip_file_t* const file = zip_fopen_index(zip, i, 0);
      size += static_cast<std::size_t>(zip_fread(file, member.data(), member.size()));
      zip_fclose(file);
    }
    zip_discard(zip);
    return size;
  });
  return run(argc, argv);
}
