// Any format over any data: what unpacks packs again to the same values, what is refused is refused
// everywhere alike and changes nothing, and nothing reads or writes outside its bytes.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "quire/error.h"
#include "quire/struct.h"
#include "support/fuzz_choices.h"

namespace {

using quire::Bytes;
using quire::ByteSpan;
using quire::Struct;
using quire::StructValue;
using quire::test::FuzzChoices;
using Row = std::vector<StructValue>;

constexpr std::size_t kMaxRow = 4096;

void require(bool holds, const char* fact, const std::string& format) {
  if (holds) return;
  std::cerr << fact << ", format '" << format << "'\n";
  std::abort();
}

/// The result, or nothing where Python has struct.error or OverflowError.
template <class F>
auto attempt(F&& call) -> std::optional<decltype(call())> {
  try {
    return call();
  } catch (const quire::StructError&) {
  } catch (const std::length_error&) {
  }
  return std::nullopt;
}

bool same_values(const Row& a, const Row& b) {
  const auto same = [](const StructValue& x, const StructValue& y) {
    const double* p = std::get_if<double>(&x.variant());
    const double* q = std::get_if<double>(&y.variant());
    return (p != nullptr && q != nullptr && std::isnan(*p) && std::isnan(*q)) || x == y;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

std::string choose_format(FuzzChoices& choices) {
  // Half of the formats are made of letters that formats have, or few would get past the parser.
  constexpr char kLetters[] = "@=<>!xcbB?hHiIlLqQnNPefdsp0123456789 ";
  const bool raw = choices.below(2) == 0;
  std::string format;
  for (std::size_t left = choices.below(24); left != 0; --left) {
    format += raw ? static_cast<char>(choices.below(256)) : kLetters[choices.below(37)];
  }
  return format;
}

StructValue choose_value(FuzzChoices& choices) {
  std::uint64_t bits = 0;
  for (std::size_t left = choices.below(9); left != 0; --left)
    bits = bits << 8 | choices.below(256);
  switch (choices.below(5)) {
    case 0:
      return static_cast<std::int64_t>(bits);
    case 1:
      return bits;
    case 2:
      return std::ldexp(static_cast<double>(bits), static_cast<int>(choices.below(256)) - 128);
    case 3:
      return bits % 2 == 0;
    default:
      return Bytes(choices.below(9), static_cast<std::byte>(bits));
  }
}

void check_refused(const std::string& format) {
  require(!attempt([&] { return quire::calcsize(format); }), "Struct refuses what calcsize takes",
          format);
}

void check_round_trip(const Struct& format, FuzzChoices& choices) {
  std::string data(format.size(), '\0');
  for (char& c : data) c = static_cast<char>(choices.below(256));
  const Row row = format.unpack(data);
  require(same_values(quire::unpack(format.format(), data), row), "the parsers differ",
          format.format());
  const Bytes packed = format.pack(row);
  require(packed.size() == format.size(), "a row has another size", format.format());
  require(same_values(format.unpack(packed), row), "values change", format.format());
  require(quire::pack(format.format(), format.unpack(packed)) == packed, "bytes change",
          format.format());
  const auto offset = static_cast<std::ptrdiff_t>(choices.below(32)) - 16;
  const std::string padded = std::string(7, 'x') + data + std::string(5, 'x');
  const auto there = attempt([&] { return format.unpack_from(padded, offset); });
  const auto size = static_cast<std::ptrdiff_t>(padded.size());
  const std::ptrdiff_t at = offset < 0 ? offset + size : offset;
  const bool fits = at >= 0 && size - at >= static_cast<std::ptrdiff_t>(format.size());
  require(there.has_value() == fits, "unpack_from reads elsewhere", format.format());
  if (!fits) return;
  const ByteSpan found = ByteSpan(padded).subspan(static_cast<std::size_t>(at), format.size());
  require(same_values(*there, format.unpack(found)), "unpack_from reads other bytes",
          format.format());
}

void check_packing(const Struct& format, FuzzChoices& choices) {
  Row row;
  const std::size_t count = choices.below(12);
  for (std::size_t i = 0; i < count; ++i) row.push_back(choose_value(choices));
  const auto packed = attempt([&] { return format.pack(row); });
  std::string room(format.size() + 6, '\xee');
  const auto written = attempt([&] { return format.pack_into(room, 3, row), true; });
  require(packed.has_value() == written.has_value(), "pack and pack_into differ", format.format());
  const std::string middle =
      packed ? std::string(ByteSpan(*packed).as_chars()) : std::string(format.size(), '\xee');
  require(room == "\xee\xee\xee" + middle + "\xee\xee\xee", "pack_into writes elsewhere",
          format.format());
  if (packed) {
    require(format.pack(format.unpack(*packed)) == *packed, "packed bytes change", format.format());
  }
}

void check_rows(const Struct& format, FuzzChoices& choices) {
  const std::string data(choices.below(64), 'r');
  const auto rows = attempt([&] { return format.iter_unpack(data); });
  const bool whole = format.size() != 0 && data.size() % format.size() == 0;
  require(rows.has_value() == whole, "iter_unpack takes what it should not", format.format());
  if (!whole) return;
  std::size_t count = 0;
  for (const Row& row : *rows) count += row.size() < data.size() + 64 ? 1 : 0;
  require(count * format.size() == data.size(), "iter_unpack leaves rows out", format.format());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzChoices choices({data, size});
  const std::string text = choose_format(choices);
  const auto format = attempt([&] { return Struct(text); });
  if (!format) {
    check_refused(text);
    return 0;
  }
  require(quire::calcsize(text) == format->size(), "sizes differ", text);
  if (format->size() > kMaxRow) return 0;
  check_round_trip(*format, choices);
  check_packing(*format, choices);
  check_rows(*format, choices);
  return 0;
}
