// Thumbnails of photographs, made in memory: upright, resized, with a watermark, as PNG.
//
//     thumbnail [--out FOLDER | --report FOLDER] [FILE...]
//
// --out writes each one to FOLDER. --report does, too, and compares three ways to make the first one:
// through streams, through temporary files and through std::stringstream; FOLDER/report.html shows it.
//
// Exit code 1 when a file could not be used; the others are made all the same.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "quire/adapters/image.h"
#include "quire/quire.h"
#include "thumbnail/picture.h"
#include "thumbnail/ways.h"

namespace {

using namespace quire;

// [core]
Bytes thumbnail(Bytes upload, std::size_t side) {
  BytesIO in(std::move(upload));                                                // shares the bytes
  Image image = decode_image(in, {.least_width = side, .least_height = side});  // upright, by EXIF
  image = resized(image, side);
  watermark(image);
  BytesIO out;
  encode_png(image, out);
  return out.getvalue();  // shares the stream's memory
}
// [/core]

constexpr std::size_t kSide = 256;

/// Makes the thumbnail of one file; writes it to `folder` unless that is empty.
void make_thumbnail(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const Bytes upload = Bytes::map_file(path.string());
  BytesIO before(upload);
  const ImageInfo info = image_info(before);
  const Bytes png = thumbnail(upload, kSide);
  BytesIO after(png);
  const ImageInfo made = image_info(after);
  std::printf("%s: %zu x %zu, orientation %d -> %zu x %zu\n", path.filename().c_str(), info.width,
              info.height, info.orientation, made.width, made.height);
  if (folder.empty()) return;
  FileIO((folder / path.stem()).string() + ".png", "w").write(png);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> paths(argv + 1, argv + argc);
  std::filesystem::path folder;
  bool report = false;
  if (paths.size() >= 2 && (paths[0] == "--out" || paths[0] == "--report")) {
    report = paths[0] == "--report";
    folder = paths[1];
    paths.erase(paths.begin(), paths.begin() + 2);
  }
  if (paths.empty()) paths = {QUIRE_SOURCE_DIR "/examples/data/grace_hopper.jpg"};
  int failed = 0;
  for (const std::string& path : paths) {
    try {
      make_thumbnail(path, folder);
    } catch (const std::exception& error) {
      std::fflush(stdout);
      std::fprintf(stderr, "%s: %s\n", path.c_str(), error.what());
      failed = 1;
    }
  }
  if (report && failed == 0) compare_ways(paths[0], kSide, folder);
  return failed;
}
