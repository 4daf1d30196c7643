// Messages through streams, beside std::string and the std streams that protobuf's manual uses.

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/util/delimited_message_util.h>

#include "bench.h"
#include "moved.h"
#include "quire/adapters/protobuf.h"
#include "quire/bytes_io.h"
#include "quire/ledger.h"

namespace {

using namespace bench;
namespace pb = google::protobuf;

std::size_t messages() {
  return scaled(100'000);
}

/// Some 60 bytes, as an entry of a log is.
pb::FieldDescriptorProto entry(std::size_t number) {
  pb::FieldDescriptorProto message;
  message.set_name("entry number " + std::to_string(number));
  message.set_number(static_cast<int>(number));
  message.set_json_name("a name of some other length");
  return message;
}

/// `work()` returns the bytes that the messages take.
template <class Work>
void message_row(const std::string& workload, std::string_view peer, Work work) {
  long_row("protobuf/" + workload, peer, [=](benchmark::State& state) {
    std::size_t size = 0;
    std::uint64_t copied = 0;
    const Moved moved(state);
    for (auto _ : state) {
      const quire::Ledger before = quire::thread_ledger();
      size = work();
      copied = (quire::thread_ledger() - before).copied_total();
    }
    if (size == 0) state.SkipWithError("no messages");
    state.counters["copied_bytes"] = static_cast<double>(copied);
    count_items(state, messages());
  });
}

std::size_t write_all(pb::io::ZeroCopyOutputStream& out) {
  const pb::FieldDescriptorProto message = entry(12345);
  // One for all messages: with one for each, a StringOutputStream fills its string anew every time.
  pb::io::CodedOutputStream coded(&out);
  for (std::size_t i = 0; i < messages(); ++i) {
    if (!pb::util::SerializeDelimitedToCodedStream(message, &coded)) return 0;
  }
  return static_cast<std::size_t>(coded.ByteCount());
}

/// Returns how many there were.
std::size_t read_all(pb::io::ZeroCopyInputStream& in) {
  pb::FieldDescriptorProto message;
  std::size_t count = 0;
  while (pb::util::ParseDelimitedFromZeroCopyStream(&message, &in, nullptr)) ++count;
  return count == messages() ? static_cast<std::size_t>(in.ByteCount()) : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string write = "write 100000 delimited, value";
  message_row(write, "quire", [] {
    quire::BytesIO stream;
    quire::ProtobufOutput out(stream);
    write_all(out);
    return stream.getvalue().size();
  });
  message_row(write, "std::string", [] {
    std::string text;
    {
      pb::io::StringOutputStream out(&text);
      write_all(out);
    }
    return quire::Bytes::adopt(std::move(text)).size();
  });
  message_row(write, "std::stringstream", [] {
    std::stringstream text;
    {
      pb::io::OstreamOutputStream out(&text);
      write_all(out);
    }
    return text.str().size();
  });

  quire::BytesIO log;
  {
    quire::ProtobufOutput out(log);
    write_all(out);
  }
  const quire::Bytes bytes = log.getvalue();
  const std::string read = "read 100000 delimited";
  message_row(read, "quire", [=] {
    quire::ProtobufInput in(bytes);
    return read_all(in);
  });
  message_row(read, "ArrayInputStream", [=] {
    pb::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
    return read_all(in);
  });
  message_row(read, "std::stringstream", [=] {
    std::stringstream text{std::string(std::string_view(bytes))};
    pb::io::IstreamInputStream in(&text);
    return read_all(in);
  });
  return run(argc, argv);
}
