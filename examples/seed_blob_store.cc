// Blobs by key: collected in memory, put into one file at once, found again in the mapped file
// without a copy. A record is two sizes, the key and the blob; the last one of a key counts.

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>

#include <unistd.h>

#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using quire::ByteSpan;
using quire::FileIO;

namespace {

const quire::Struct kSizes("<HI");

void put(quire::Stream& stream, ByteSpan key, ByteSpan blob) {
  kSizes.pack_into(stream, key.size(), blob.size());
  stream.write(key);
  stream.write(blob);
}

std::map<Bytes, Bytes> load(const Bytes& data) {
  std::map<Bytes, Bytes> blobs;
  for (std::size_t at = 0; at < data.size();) {
    const auto [key_size, size] =
        kSizes.unpack_from<std::uint16_t, std::uint32_t>(data, static_cast<std::ptrdiff_t>(at));
    const std::size_t key_at = at + kSizes.size();
    const std::size_t blob_at = key_at + key_size;
    at = blob_at + size;
    blobs[data.slice(key_at, blob_at)] = data.slice(blob_at, at);
  }
  return blobs;
}

}  // namespace

int main() {
  BytesIO cache;
  put(cache, "logo.png", "\x89PNG\r\n\x1a\n");
  put(cache, "notes.txt", "remember the milk");
  put(cache, "logo.png", "\x89PNG, a newer one");

  const std::string path =
      std::filesystem::temp_directory_path() / ("blobs." + std::to_string(getpid()));
  FileIO(path, "w").write(cache.getbuffer());
  const std::map<Bytes, Bytes> blobs = load(Bytes::map_file(path, quire::FileTrust::Stays));
  std::filesystem::remove(path);  // the mapped bytes stay

  for (const auto& [key, blob] : blobs) std::cout << key << ' ' << blob << '\n';
}
