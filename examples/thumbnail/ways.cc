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
  const double faster = ways[1].total().milliseconds / ways[0].total().milliseconds;
  const double faster_moving = ways[1].moving() / ways[0].moving();
  const auto verdict = [](bool is_so) { return is_so ? "true here" : "not true here"; };
  std::printf(
      "\n\n  Seed 4 says, of streams beside temporary files:\n"
      "    200 ms saved for an image: %s, it is %.2f ms\n"
      "    6 to 10 times as fast: %s of all of it, %.2f times\n"
      "    6 to 10 times as fast: %s of taking the bytes in and out, %.0f times: %.4f ms, not "
      "%.4f\n",
      verdict(saved >= 200), saved, verdict(faster >= 6), faster, verdict(faster_moving >= 6),
      faster_moving, ways[0].moving(), ways[1].moving());
}

constexpr std::array<const char*, kSteps.size()> kColours = {"#d1495b", "#30638e", "#00798c",
                                                             "#8d99ae", "#edae49", "#6a4c93"};

/// What one part of the plot shows of a way: pieces of a bar with their colours, and what is written behind.
struct Bar {
  std::vector<std::pair<double, const char*>> pieces;
  std::string label;
};

/// A bar for each way below a title; returns where the next part begins.
template <class BarOf>
int draw_part(std::ostream& svg, int y, const char* title, const std::vector<Way>& ways,
              BarOf bar_of) {
  std::vector<Bar> bars;
  double longest = 0;
  for (const Way& way : ways) {
    double length = 0;
    for (const auto& piece : bars.emplace_back(bar_of(way)).pieces) length += piece.first;
    longest = std::max(longest, length);
  }
  svg << "<text x='16' y='" << y << "' font-weight='bold'>" << title << "</text>\n";
  for (std::size_t i = 0; i < ways.size(); ++i) {
    y += 24;
    double x = 160;
    svg << "<text x='16' y='" << y << "'>" << ways[i].name << "</text>";
    for (const auto& [length, colour] : bars[i].pieces) {
      const double width = longest == 0 ? 0 : length / longest * 360;
      svg << "<rect x='" << x << "' y='" << y - 14 << "' width='" << width << "' height='18' fill='"
          << colour << "'/>";
      x += width;
    }
    svg << "<text x='" << x + 6 << "' y='" << y << "'>" << bars[i].label << "</text>\n";
  }
  return y + 36;
}

/// Time, step by step, what of it moves bytes, and the bytes; a picture that needs nothing else.
std::string plot(const std::vector<Way>& ways) {
  const auto milliseconds = [](double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), value < 1 ? "%.2g ms" : "%.1f ms", value);
    return std::string(text.data());
  };
  std::ostringstream parts;
  int y = draw_part(parts, 28, "All of it", ways, [&](const Way& way) {
    Bar bar{{}, milliseconds(way.total().milliseconds)};
    for (std::size_t i = 0; i < kSteps.size(); ++i) {
      bar.pieces.emplace_back(way.steps[i].milliseconds, kColours[i]);
    }
    return bar;
  });
  y -= 16;
  for (std::size_t i = 0; i < kSteps.size(); ++i) {
    const std::size_t x = 16 + 107 * i;
    parts << "<rect x='" << x << "' y='" << y - 10 << "' width='10' height='10' fill='"
          << kColours[i] << "'/><text x='" << x + 14 << "' y='" << y << "' font-size='11'>"
          << kSteps[i] << "</text>\n";
  }
  y = draw_part(parts, y + 32, "Taking the bytes in and out", ways, [&](const Way& way) {
    return Bar{{{way.steps[0].milliseconds, kColours[0]}, {way.steps[5].milliseconds, kColours[5]}},
               milliseconds(way.moving())};
  });
  y = draw_part(parts, y, "Bytes copied", ways, [](const Way& way) {
    const std::size_t copied = way.total().copied;
    return Bar{{{static_cast<double>(copied), kColours[2]}}, std::to_string(copied)};
  });
  std::ostringstream svg;
  svg << "<svg xmlns='http://www.w3.org/2000/svg' width='660' height='" << y - 16
      << "' font-family='sans-serif' font-size='13'><rect width='100%' height='100%' "
         "fill='white'/>\n"
      << parts.str() << "</svg>\n";
  return svg.str();
}

std::string report(const std::vector<Way>& ways, const std::string& picture) {
  std::ostringstream html;
  html << "<!doctype html><meta charset=utf-8><title>quire: a thumbnail by three ways</title>"
          "<style>body{font:16px sans-serif;max-width:56em;margin:2em auto}td,th{padding:.2em .8em;"
          "text-align:right}</style><h1>A thumbnail by three ways</h1><img src=\""
       << picture
       << "\" alt=\"the thumbnail\"><p><img src=\"report.svg\" alt=\"the plot\"><table><tr><th>"
          "<th>copied<th>allocated<th>ms";
  for (const Way& way : ways) {
    const Cost cost = way.total();
    html << "<tr><th>" << way.name << "<td>" << cost.copied << "<td>" << cost.allocated << "<td>"
         << cost.milliseconds;
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
  FileIO((folder / "report.svg").string(), "w").write(plot(ways));
  FileIO((folder / "report.html").string(), "w").write(report(ways, picture));
}
