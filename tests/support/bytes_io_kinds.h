// BytesIOKinds: the streams of which all holds that tests say of a BytesIO, wherever their bytes are.
#pragma once

#include <cstddef>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "quire/bytes_io.h"
#include "quire/spooled_io.h"

namespace quire::test {

/// A SpooledIO made as a BytesIO is.
template <std::size_t kLimit>
class Spooled : public SpooledIO {
 public:
  Spooled() : SpooledIO(SpooledOptions{.max_size = kLimit}) {}

  template <class Initial>
  requires(!std::is_base_of_v<SpooledIO, std::remove_cvref_t<Initial>>) explicit Spooled(
      Initial&& initial)
      : SpooledIO(std::forward<Initial>(initial), SpooledOptions{.max_size = kLimit}) {}

  // NOLINTNEXTLINE(google-explicit-constructor): what reader() and clone() give is of this kind
  Spooled(SpooledIO&& other) noexcept : SpooledIO(std::move(other)) {}
};

using BytesIOKinds =
    testing::Types<BytesIO, Spooled<1>, Spooled<1024>, Spooled<std::size_t{64} << 20>>;

struct BytesIOKindName {
  template <class Kind>
  static std::string GetName(
      int) {  // NOLINT(readability-identifier-naming): what GoogleTest asks for
    if constexpr (std::is_same_v<Kind, BytesIO>) return "BytesIO";
    if constexpr (std::is_same_v<Kind, Spooled<1>>) return "FileFromOneByte";
    if constexpr (std::is_same_v<Kind, Spooled<1024>>) return "FileFromOneKiB";
    return "LargeLimit";
  }
};

}  // namespace quire::test
