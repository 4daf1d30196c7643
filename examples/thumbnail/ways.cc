#include "thumbnail/ways.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "demo/allocation_count.h"
#include "quire/adapters/image.h"
#include "quire/adapters/iostream.h"
#include "quire/quire.h"
#include "thumbnail/picture.h"

namespace {

using namespace quire;

constexpr std::array<const char*, 6> kSteps = {
    "take the upload", "decode, upright", "resize", "watermark", "encode as PNG", "take the value"};

struct Cost {
  std::size_t copied = 0;
  std::size_t allocated = 0;
  double milliseconds = 0;
};

/// What one way costs, step by step, and what came of it.
struct Way {
  const char* name = nullptr;
  std::array<Cost, kSteps.size()> steps{};
  Bytes result{};

  [[nodiscard]] Cost total() const {
    Cost sum;
    for (const Cost& step : steps) {
      sum.copied += step.copied;
      sum.allocated += step.allocated;
      sum.milliseconds += step.milliseconds;
    }
    return sum;
  }

  /// All but the work on pixels, which no way of moving bytes makes faster.
  [[nodiscard]] double moving() const { return steps[0].milliseconds + steps[5].milliseconds; }
};

/// Files and std::stringstream tell nobody what they copy: what is written to them and read from them,
/// once each, at least.
std::size_t copied_unseen = 0;

template <class Action>
Cost cost_of(Action action) {
  const std::size_t copied = thread_ledger().copied_total() + copied_unseen;
  const std::size_t allocated = demo::allocated_bytes();
  const auto start = std::chrono::steady_clock::now();
  action();
  const std::chrono::duration<double, std::milli> elapsed =
      std::chrono::steady_clock::now() - start;
  return {thread_ledger().copied_total() + copied_unseen - copied,
          demo::allocated_bytes() - allocated, elapsed.count()};
}

/// `in` gives a stream of the upload, `out` one for the result, `value` its bytes.
template <class In, class Out, class Value>
Way go(const char* name, std::size_t side, In in, Out out, Value value) {
  Way way{.name = name};
  Stream* source = nullptr;
  Image image;
  way.steps[0] = cost_of([&] { source = &in(); });
  way.steps[1] =
      cost_of([&] { image = decode_image(*source, {.least_width = side, .least_height = side}); });
  way.steps[2] = cost_of([&] { image = resized(image, side); });
  way.steps[3] = cost_of([&] { watermark(image); });
  way.steps[4] = cost_of([&] { encode_png(image, out()); });
  way.steps[5] = cost_of([&] { way.result = value(); });
  return way;
}

Way through_streams(const Bytes& upload, std::size_t side) {
  BytesIO in;
  BytesIO out;
  return go(
      "streams", side, [&]() -> Stream& { return in = BytesIO(upload); },
      [&]() -> Stream& { return out; }, [&] { return out.getvalue(); });
}

/// A file that is gone when its object is.
class TemporaryFile {
 public:
  TemporaryFile()
      : path_(std::filesystem::temp_directory_path() /
              ("quire-thumbnail-" + std::to_string(++made))),
        file_(path_.string(), "w+") {}

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }

  FileIO& file() { return file_; }

 private:
  inline static int made = 0;
  std::filesystem::path path_;
  FileIO file_;
};

Way through_files(const Bytes& upload, std::size_t side) {
  std::optional<TemporaryFile> in;
  std::optional<TemporaryFile> out;
  return go(
      "temporary files", side,
      [&]() -> Stream& {
        in.emplace().file().write(upload);
        in->file().seek(0);
        copied_unseen += 2 * upload.size();
        return in->file();
      },
      [&]() -> Stream& { return out.emplace().file(); },
      [&] {
        out->file().seek(0);
        const Bytes png = out->file().read();
        copied_unseen += 2 * png.size();
        return png;
      });
}

Way through_stringstreams(const Bytes& upload, std::size_t side) {
  std::stringstream in;
  std::stringstream out;
  StdStream source(in);
  StdStream target(out);
  return go(
      "std::stringstream", side,
      [&]() -> Stream& {
        const std::string_view bytes = upload;
        in.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        copied_unseen += 2 * upload.size();
        return source;
      },
      [&]() -> Stream& { return target; },
      [&] {
        std::string png = out.str();
        copied_unseen += 2 * png.size();
        return Bytes::adopt(std::move(png));
      });
}

/// Every step's median of several rounds.
std::vector<Way> measure(const Bytes& upload, std::size_t side) {
  constexpr std::size_t kRounds = 7;
  std::vector<Way> ways;
  std::array<std::vector<Way>, 3> rounds;
  for (std::size_t round = 0; round < kRounds; ++round) {
    rounds[0].push_back(through_streams(upload, side));
    rounds[1].push_back(through_files(upload, side));
    rounds[2].push_back(through_stringstreams(upload, side));
  }
  for (std::vector<Way>& all : rounds) {
    Way way = all[0];
    for (std::size_t step = 0; step < kSteps.size(); ++step) {
      const auto faster = [step](const Way& a, const Way& b) {
        return a.steps[step].milliseconds < b.steps[step].milliseconds;
      };
      std::nth_element(all.begin(), all.begin() + kRounds / 2, all.end(), faster);
      way.steps[step] = all[kRounds / 2].steps[step];
    }
    ways.push_back(std::move(way));
  }
  return ways;
}

void print_ways(const std::vector<Way>& ways) {
  std::printf("\n  %-18s", "");
  for (const Way& way : ways) std::printf(" %37s", way.name);
  std::printf("\n  %-18s", "step");
  for (std::size_t i = 0; i < ways.size(); ++i)
    std::printf(" %13s %13s %9s", "copied", "allocated", "time");
  const auto print_row = [&](const char* name, auto cost_in) {
    std::printf("\n  %-18s", name);
    for (const Way& way : ways) {
      const Cost cost = cost_in(way);
      std::printf(" %13zu %13zu %6.2f ms", cost.copied, cost.allocated, cost.milliseconds);
    }
  };
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    print_row(kSteps[i], [i](const Way& way) { return way.steps[i]; });
  }
  print_row("together", [](const Way& way) { return way.total(); });
  const double saved = ways[1].total().milliseconds - ways[0].total().milliseconds;
  std::printf(
      "\n\n  Seed 4 says: 200 ms saved for an image, and 6 to 10 times as fast. Here: %.2f ms less "
      "than by\n  temporary files; all of it %.2f times as fast, taking the bytes in and out %.0f "
      "times: %.4f ms,\n  not %.4f.\n",
      saved, ways[1].total().milliseconds / ways[0].total().milliseconds,
      ways[1].moving() / ways[0].moving(), ways[0].moving(), ways[1].moving());
}

/// A bar for each way, in pieces for its steps, and the numbers.
std::string report(const std::vector<Way>& ways, const std::string& picture) {
  constexpr std::array<const char*, kSteps.size()> kColours = {"#d1495b", "#30638e", "#00798c",
                                                               "#8d99ae", "#edae49", "#6a4c93"};
  double longest = 0;
  for (const Way& way : ways) longest = std::max(longest, way.total().milliseconds);
  std::ostringstream html;
  html << "<!doctype html><meta charset=utf-8><title>quire: a thumbnail by three ways</title>"
          "<style>body{font:16px sans-serif;max-width:56em;margin:2em auto}td,th{padding:.2em .8em;"
          "text-align:right}</style><h1>A thumbnail by three ways</h1><img src=\""
       << picture
       << "\" alt=\"the thumbnail\"><h2>Time</h2><svg width=860 height=" << 40 * ways.size() + 60
       << " font-size=14>";
  int y = 0;
  for (const Way& way : ways) {
    double x = 160;
    html << "<text x=0 y=" << y + 20 << '>' << way.name << "</text>";
    for (std::size_t i = 0; i < kSteps.size(); ++i) {
      const double width = way.steps[i].milliseconds / longest * 600;
      html << "<rect x=" << x << " y=" << y << " width=" << width << " height=28 fill=\""
           << kColours[i] << "\"/>";
      x += width;
    }
    html << "<text x=" << x + 6 << " y=" << y + 20 << '>' << way.total().milliseconds
         << " ms</text>";
    y += 40;
  }
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    html << "<rect x=" << 140 * i << " y=" << y + 8 << " width=12 height=12 fill=\"" << kColours[i]
         << "\"/><text x=" << 140 * i + 18 << " y=" << y + 19 << '>' << kSteps[i] << "</text>";
  }
  html << "</svg><h2>Bytes</h2><table><tr><th><th>copied<th>allocated";
  for (const Way& way : ways) {
    html << "<tr><th>" << way.name << "<td>" << way.total().copied << "<td>"
         << way.total().allocated;
  }
  html << "</table>\n";
  return html.str();
}

}  // namespace

void compare_ways(const std::string& path, std::size_t side, const std::filesystem::path& folder) {
  const Bytes upload = Bytes::map_file(path);
  const std::vector<Way> ways = measure(upload, side);
  for (const Way& way : ways) {
    if (way.result != ways[0].result) {
      throw std::runtime_error(std::string("another picture through ") + way.name);
    }
  }
  print_ways(ways);
  const std::string picture = std::filesystem::path(path).stem().string() + ".png";
  FileIO((folder / "report.html").string(), "w").write(report(ways, picture));
}
