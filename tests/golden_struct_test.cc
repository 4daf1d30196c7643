// struct answers as python3's does.
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "quire/struct.h"
#include "support/golden.h"

namespace quire::test::golden {
namespace {

std::string of_value(const StructValue& value) {
  return std::visit(
      [](const auto& v) {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, bool>) {
          return of_bool(v);
        } else if constexpr (std::is_same_v<T, double>) {
          return of_float(v);
        } else if constexpr (std::is_same_v<T, Bytes>) {
          return of_bytes(v);
        } else {
          return of_int(v);
        }
      },
      value.variant());
}

std::string of_row(const std::vector<StructValue>& row) {
  return of_list(row, of_value);
}

StructValue value_of(const Argument& argument) {
  switch (argument.kind()) {
    case 't':
    case 'f':
      return argument.boolean();
    case 'd':
      return argument.number();
    case 'b':
      return Bytes(argument.bytes());
    default:
      break;
  }
  try {
    return argument.integer();
  } catch (const std::logic_error&) {
    return argument.integer<std::uint64_t>();
  }
}

std::vector<StructValue> values_from(const Arguments& arguments, std::size_t first) {
  std::vector<StructValue> values;
  for (std::size_t i = first; i < arguments.size(); ++i) values.push_back(value_of(arguments[i]));
  return values;
}

/// Through the free functions and through Struct, which must agree.
std::string call(std::string_view method, const Arguments& a) {
  const std::string format = a[0].bytes();
  if (method == "calcsize") {
    EXPECT_EQ(calcsize(format), Struct(format).size());
    return of_int(calcsize(format));
  }
  if (method == "pack") {
    const std::vector<StructValue> values = values_from(a, 1);
    const Bytes packed = pack(format, values);
    EXPECT_EQ(packed, Struct(format).pack(values));
    return of_bytes(packed);
  }
  if (method == "pack_into") {
    std::string room(a[1].integer<std::size_t>(), '.');
    pack_into(format, room, a[2].integer(), values_from(a, 3));
    return of_bytes(room);
  }
  const std::string data = a[1].bytes();
  if (method == "unpack") {
    const std::string row = of_row(unpack(format, data));
    EXPECT_EQ(row, of_row(Struct(format).unpack(data)));
    return row;
  }
  if (method == "unpack_from") return of_row(unpack_from(format, data, a[2].integer()));
  if (method == "iter_unpack") return of_list(iter_unpack(format, data), of_row);
  return "no such function: " + std::string(method);
}

TEST(Golden, StructAnswersAsPython) {
  replay("struct", {}, call);
}

}  // namespace
}  // namespace quire::test::golden
