#include "quire/struct_value.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>

#include "quire/error.h"

namespace quire {
namespace {

template <class... F>
struct Overload : F... {
  using F::operator()...;
};

template <class... F>
Overload(F...) -> Overload<F...>;

/// An integer of either sign: `magnitude` counts up from 0, or down when negative.
struct AnyInteger {
  std::uint64_t magnitude = 0;
  bool negative = false;

  bool operator==(const AnyInteger&) const = default;
};

AnyInteger any_integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return value < 0 ? AnyInteger{std::uint64_t{0} - bits, true} : AnyInteger{bits, false};
}

bool as_integer(const StructValue::Variant& value, AnyInteger& result) noexcept {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    result = any_integer(*integer);
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    result = {*natural, false};
  } else if (const auto* boolean = std::get_if<bool>(&value)) {
    result = {*boolean ? 1u : 0u, false};
  } else {
    return false;
  }
  return true;
}

/// Exactly the same number, not the same after rounding.
bool same_number(double a, const AnyInteger& b) {
  constexpr double kTwo64 = 18446744073709551616.0;
  const double size = std::signbit(a) ? -a : a;
  if (!(size < kTwo64) || std::trunc(size) != size) return false;
  return AnyInteger{static_cast<std::uint64_t>(size), a < 0} == b;
}

std::string repr(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char text[32];
  char* end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  std::string scientific(text, end);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  if (exponent < -4 || exponent >= 16) return scientific;
  end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr;
  std::string fixed(text, end);
  if (fixed.find('.') == std::string::npos) fixed += ".0";
  return fixed;
}

const char* kind_name(const StructValue::Variant& value) {
  constexpr const char* kNames[] = {"an integer", "an integer", "a float", "a bool", "bytes"};
  return kNames[value.index()];
}

[[noreturn]] void throw_kind(const StructValue::Variant& value, const char* wanted) {
  detail::throw_type(std::string("the value is ") + kind_name(value) + ", not " + wanted);
}

}  // namespace

std::uint64_t StructValue::integer(std::size_t size, bool is_signed) const {
  AnyInteger value;
  if (!as_integer(value_, value)) throw_kind(value_, "an integer");
  const std::uint64_t all = ~std::uint64_t{0} >> (64 - 8 * size);
  const std::uint64_t positive = is_signed ? all / 2 : all;
  if (value.magnitude > positive + (value.negative && is_signed ? 1 : 0) ||
      (value.negative && !is_signed)) {
    throw std::length_error((value.negative ? "-" : "") + std::to_string(value.magnitude) +
                            " does not fit into " + std::to_string(8 * size) +
                            (is_signed ? " bits, signed" : " bits, unsigned"));
  }
  return value.negative ? std::uint64_t{0} - value.magnitude : value.magnitude;
}

bool StructValue::boolean() const {
  if (const bool* value = std::get_if<bool>(&value_)) return *value;
  throw_kind(value_, "a bool");
}

double StructValue::number() const {
  if (const double* value = std::get_if<double>(&value_)) return *value;
  AnyInteger value;
  if (!as_integer(value_, value)) throw_kind(value_, "a number");
  const auto size = static_cast<double>(value.magnitude);
  return value.negative ? -size : size;
}

const Bytes& StructValue::bytes() const {
  if (const Bytes* value = std::get_if<Bytes>(&value_)) return *value;
  throw_kind(value_, "bytes");
}

bool StructValue::equals(const StructValue& other) const noexcept {
  AnyInteger a;
  AnyInteger b;
  const bool a_integer = as_integer(value_, a);
  const bool b_integer = as_integer(other.value_, b);
  if (a_integer && b_integer) return a == b;
  const double* x = std::get_if<double>(&value_);
  const double* y = std::get_if<double>(&other.value_);
  if (x != nullptr && y != nullptr) return *x == *y;
  if (x != nullptr && b_integer) return same_number(*x, b);
  if (y != nullptr && a_integer) return same_number(*y, a);
  const Bytes* p = std::get_if<Bytes>(&value_);
  const Bytes* q = std::get_if<Bytes>(&other.value_);
  return p != nullptr && q != nullptr && ByteSpan(*p) == ByteSpan(*q);
}

std::ostream& operator<<(std::ostream& out, const StructValue& value) {
  std::visit(Overload{[&](std::int64_t v) { out << v; }, [&](std::uint64_t v) { out << v; },
                      [&](bool v) { out << (v ? "True" : "False"); },
                      [&](double v) { out << repr(v); }, [&](const Bytes& v) { out << v; }},
             value.value_);
  return out;
}

}  // namespace quire
