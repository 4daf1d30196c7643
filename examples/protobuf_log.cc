// A log of protobuf messages in a stream beside the same log as lines of JSON, both also through zstd.
//
//     protobuf_log [ENTRIES]
//
// Seed 4 says that protobuf takes 60 % less room than JSON and is 3 to 4 times as fast; this measures it.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/util/delimited_message_util.h>
#include <nlohmann/json.hpp>

#include "protobuf_log.pb.h"
#include "quire/adapters/protobuf.h"
#include "quire/adapters/zstd.h"
#include "quire/quire.h"

namespace {

using namespace quire;
using namespace google::protobuf::util;
using examples::Entry;

void fill(Entry& entry, std::uint64_t number) {
  entry.set_microseconds(1'700'000'000'000'000 + number * 1'371);
  entry.set_host("web" + std::to_string(number % 20) + ".example.org");
  entry.set_path("/shelf/" + std::to_string(number * 7919 % 100'003) + "/page");
  entry.set_bytes(static_cast<std::uint32_t>(number * 2'654'435'761 % 200'000));
}

std::string to_json(const Entry& entry) {
  const nlohmann::json line{{"microseconds", entry.microseconds()},
                            {"host", entry.host()},
                            {"path", entry.path()},
                            {"bytes", entry.bytes()}};
  return line.dump() + '\n';
}

void from_json(std::string_view line, Entry& entry) {
  const nlohmann::json read = nlohmann::json::parse(line);
  entry.set_microseconds(read["microseconds"]);
  entry.set_host(read["host"]);
  entry.set_path(read["path"]);
  entry.set_bytes(read["bytes"]);
}

void write_protobuf(Stream& log, std::uint64_t entries) {
  ProtobufOutput out(log);
  {
    google::protobuf::io::CodedOutputStream coded(&out);
    Entry entry;
    for (std::uint64_t i = 0; i < entries; ++i) {
      fill(entry, i);
      SerializeDelimitedToCodedStream(entry, &coded);
    }
  }
  out.close();  // tells if the stream has failed
}

void write_json(Stream& log, std::uint64_t entries) {
  Entry entry;
  for (std::uint64_t i = 0; i < entries; ++i) {
    fill(entry, i);
    log.write(to_json(entry));
  }
}

std::uint64_t read_protobuf(Stream& log) {
  ProtobufInput in(log);
  Entry entry;
  bool clean_eof = false;
  std::uint64_t sum = 0;
  while (ParseDelimitedFromZeroCopyStream(&entry, &in, &clean_eof)) {
    sum += entry.microseconds() + entry.bytes() + entry.path().size();
    entry.Clear();  // the next one is merged into what is there
  }
  in.check();
  if (!clean_eof) throw std::runtime_error("the log ends in the middle of an entry");
  return sum;
}

std::uint64_t read_json(Stream& log) {
  Entry entry;
  std::uint64_t sum = 0;
  for (const Bytes& line : BufferedReader(log)) {
    from_json(line, entry);
    sum += entry.microseconds() + entry.bytes() + entry.path().size();
  }
  return sum;
}

template <class Action>
double milliseconds(Action action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start)
      .count();
}

/// What a log takes, and the sum that was read of it.
struct Cost {
  double bytes = 0, write = 0, read = 0;
  std::uint64_t sum = 0;
};

template <class Write, class Read>
Cost measure(bool compressed, std::uint64_t entries, Write write, Read read) {
  BytesIO log;
  Cost cost;
  cost.write = milliseconds([&] {
    if (!compressed) return write(log, entries);
    ZstdWriter zstd(log);
    write(zstd, entries);
    zstd.close();
  });
  cost.bytes = static_cast<double>(log.size());
  log.seek(0);
  cost.read = milliseconds([&] {
    if (!compressed) return void(cost.sum = read(log));
    ZstdReader zstd(log);
    cost.sum = read(zstd);
  });
  return cost;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t entries = argc > 1 ? std::stoull(argv[1]) : 1'000'000;
  std::printf("%llu entries\n", static_cast<unsigned long long>(entries));
  for (const bool compressed : {false, true}) {
    const Cost protobuf = measure(compressed, entries, write_protobuf, read_protobuf);
    const Cost json = measure(compressed, entries, write_json, read_json);
    if (protobuf.sum != json.sum) throw std::runtime_error("the logs differ");
    const char* const through = compressed ? ", through zstd" : "";
    const auto show = [=](const char* what, double ours, double theirs) {
      std::printf("%-9s protobuf %11.0f  JSON %11.0f  %5.1f %% less, %.1f times%s\n", what, ours,
                  theirs, 100 - 100 * ours / theirs, theirs / ours, through);
    };
    show("bytes", protobuf.bytes, json.bytes);
    show("write, ms", protobuf.write, json.write);
    show("read, ms", protobuf.read, json.read);
  }
}
