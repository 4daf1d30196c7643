// The program of docs/adapters/protobuf.md.
#include "quire/adapters/protobuf.h"

#include <iostream>
#include <stdexcept>

#include <google/protobuf/text_format.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/delimited_message_util.h>

#include "quire/quire.h"

using namespace quire;
using google::protobuf::TextFormat;
using google::protobuf::Timestamp;
using google::protobuf::util::ParseDelimitedFromZeroCopyStream;
using google::protobuf::util::SerializeDelimitedToZeroCopyStream;

int main() {
  // [message]
  Timestamp message;
  message.set_seconds(1'000'000'000);
  BytesIO f;
  ProtobufOutput out(f);
  if (message.SerializeToZeroCopyStream(&out)) std::cout << f.getvalue() << '\n';

  ProtobufInput in(f.getvalue());  // keeps the bytes alive
  Timestamp read;
  if (read.ParseFromZeroCopyStream(&in)) std::cout << read.seconds() << '\n';
  // [/message]

  // [delimited]
  BytesIO log;
  log.write("a log of two\n");
  {
    ProtobufOutput entries(log);
    SerializeDelimitedToZeroCopyStream(message, &entries);
    SerializeDelimitedToZeroCopyStream(message, &entries);
  }
  log.write("and a last line\n");

  log.seek(0);
  std::cout << log.readline() << '\n';
  {
    ProtobufInput entries(log);
    ParseDelimitedFromZeroCopyStream(&read, &entries, nullptr);
    ParseDelimitedFromZeroCopyStream(&read, &entries, nullptr);
  }
  std::cout << log.readline() << '\n';  // where protobuf has stopped
  // [/delimited]

  // [text]
  BytesIO text;
  ProtobufOutput printed(text);
  TextFormat::Print(message, &printed);
  std::cout << text.getvalue() << '\n';
  // [/text]

  // [errors]
  BytesIO limited(StorageOptions{.size_limit = 3});
  ProtobufOutput small(limited);
  if (!message.SerializeToZeroCopyStream(&small)) {
    try {
      small.close();
    } catch (const std::length_error& error) {
      std::cout << error.what() << '\n';
    }
  }
  // [/errors]
}
