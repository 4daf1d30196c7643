// Half-precision floats (the format `e`): IEEE 754 binary16 as 16 bits.
//
// Lifetime: nothing is kept. Thread: pure functions.
#pragma once

#include <cstdint>
#include <optional>

#include "quire/detail/export.h"

namespace quire::detail {

/// Exactly the number that the bits mean. A NaN keeps its sign, not its payload, as in Python.
[[nodiscard]] QUIRE_API double half_to_double(std::uint16_t bits) noexcept;

/// The nearest half, ties to even; nothing when that is too large.
[[nodiscard]] QUIRE_API std::optional<std::uint16_t> half_from_double(double value) noexcept;

}  // namespace quire::detail
