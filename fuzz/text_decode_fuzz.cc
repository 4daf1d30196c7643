// Fuzzes text decoding: whole, in pieces, and through TextIOWrapper and StringIO, must agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

#include "quire/bytes_io.h"
#include "quire/detail/codec.h"
#include "quire/error.h"
#include "quire/string_io.h"
#include "quire/text_io.h"

namespace {

constexpr std::string_view kEncodings[] = {"utf-8",     "utf-8-sig", "ascii",     "latin-1",
                                           "utf-16",    "utf-16-le", "utf-16-be", "utf-32",
                                           "utf-32-le", "utf-32-be"};
constexpr std::string_view kPolicies[] = {"strict", "replace", "ignore", "backslashreplace"};
constexpr std::string_view kNewlines[] = {"", "\n", "\r", "\r\n"};

void require(bool holds) {
  if (!holds) std::abort();
}

std::optional<std::string> try_decode(std::string_view data, std::string_view encoding,
                                      std::string_view errors) {
  try {
    return quire::detail::decode(data, encoding, errors);
  } catch (const quire::UnicodeDecodeError& error) {
    require(errors == "strict" && error.start() < error.end() && error.end() <= data.size());
    return std::nullopt;
  }
}

std::optional<std::string> in_pieces(std::string_view data, std::string_view encoding,
                                     std::string_view errors, std::size_t piece) {
  quire::detail::IncrementalDecoder decoder(quire::detail::find_codec(encoding),
                                            quire::detail::find_error_policy(errors));
  std::string text;
  try {
    for (std::size_t at = 0; at < data.size(); at += piece) {
      decoder.decode(data.substr(at, piece), false, text);
    }
    decoder.decode({}, true, text);
    decoder.check();
  } catch (const quire::UnicodeDecodeError&) {
    return std::nullopt;
  }
  return text;
}

/// The same text, line by line.
std::string by_lines(quire::TextStream& stream, std::ptrdiff_t limit) {
  std::string text;
  while (true) {
    const std::string line = stream.readline(limit);
    if (line.empty()) return text;
    quire::detail::check_utf8(line);
    text += line;
  }
}

void check_streams(std::string_view data, const quire::TextOptions& options,
                   const std::string& text, std::ptrdiff_t limit) {
  quire::BytesIO io(data);
  quire::TextIOWrapper file(io, options);
  quire::StringIO memory(text, options.newline);
  const bool translates_written = options.newline.mode() == quire::detail::NewlineMode::Cr ||
                                  options.newline.mode() == quire::detail::NewlineMode::CrLf;
  const std::string whole = file.read();
  if (!translates_written) require(whole == memory.getvalue());
  file.seek(0);
  require(by_lines(file, limit) == whole);
  require(by_lines(memory, limit) == memory.getvalue());
  const std::size_t points = quire::detail::count_points(whole);
  require(file.tell() == points);
  const std::size_t middle = points / 2;
  file.seek(static_cast<std::ptrdiff_t>(middle));
  // A write lands where the seek went, so the text before it must stay.
  require(file.tell() == middle);
  if (options.errors != "backslashreplace") {
    require(file.read() == whole.substr(quire::detail::point_offset(whole, middle)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view encoding = kEncodings[data[0] % std::size(kEncodings)];
  const std::string_view errors = kPolicies[data[1] % std::size(kPolicies)];
  const std::size_t newline = data[1] / 4 % (std::size(kNewlines) + 1);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);

  const std::optional<std::string> text = try_decode(bytes, encoding, errors);
  for (const std::size_t piece : {1U, 2U, 3U, 5U}) {
    require(in_pieces(bytes, encoding, errors, piece) == text);
  }
  if (!text) return 0;
  quire::detail::check_utf8(*text);
  if (errors == "strict") {
    const std::string again = quire::detail::encode(*text, encoding);
    require(quire::detail::decode(again, encoding) == *text);
  }
  quire::TextOptions options{encoding, errors};
  if (newline < std::size(kNewlines)) options.newline = kNewlines[newline];
  const std::ptrdiff_t limit = data[1] / 32 - 1;
  check_streams(bytes, options, *text, limit == 0 ? 1 : limit);
  return 0;
}
