#include "quire/detail/half.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace quire::detail {
namespace {

constexpr int kBias = 15;
constexpr int kMantissaBits = 10;
constexpr std::uint16_t kInfinity = 0x7c00;
constexpr std::uint16_t kNan = 0x7e00;

}  // namespace

double half_to_double(std::uint16_t bits) noexcept {
  const double sign = (bits & 0x8000) != 0 ? -1.0 : 1.0;
  const int exponent = (bits >> kMantissaBits) & 0x1f;
  const int mantissa = bits & 0x3ff;
  if (exponent == 0x1f) {
    return std::copysign(mantissa == 0 ? std::numeric_limits<double>::infinity()
                                       : std::numeric_limits<double>::quiet_NaN(),
                         sign);
  }
  // A subnormal has the exponent of the smallest normal number and no implied bit.
  const int significand = exponent == 0 ? mantissa : mantissa | 0x400;
  const int scale = (exponent == 0 ? 1 : exponent) - kBias - kMantissaBits;
  return sign * std::ldexp(static_cast<double>(significand), scale);
}

std::optional<std::uint16_t> half_from_double(double value) noexcept {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (std::isnan(value)) return static_cast<std::uint16_t>(sign | kNan);
  if (std::isinf(value)) return static_cast<std::uint16_t>(sign | kInfinity);
  // The smallest unit a half of this size can tell apart; the quotient is exact, so rounding it is
  // the only rounding. A quotient of 2048 carries into the exponent by itself.
  const int exponent = std::max(value == 0 ? -kBias : std::ilogb(value), 1 - kBias);
  const double units = std::fabs(std::ldexp(value, kMantissaBits - exponent));
  const double below = std::floor(units);
  const double rest = units - below;
  auto rounded = static_cast<std::uint32_t>(below);
  if (rest > 0.5 || (rest == 0.5 && rounded % 2 == 1)) ++rounded;
  // The implied bit of a normal number adds one to the exponent field.
  const std::uint32_t magnitude =
      rounded + (static_cast<std::uint32_t>(exponent + kBias - 1) << kMantissaBits);
  if (magnitude >= kInfinity) return std::nullopt;
  return static_cast<std::uint16_t>(sign | magnitude);
}

}  // namespace quire::detail
