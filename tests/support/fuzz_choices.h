// FuzzChoices: decisions taken from a fuzzer's input, so that it can steer a test machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace quire::test {

class FuzzChoices {
 public:
  explicit FuzzChoices(std::span<const std::uint8_t> input) : input_(input) {}

  [[nodiscard]] bool exhausted() const noexcept { return input_.empty(); }

  /// A number in [0, n), from as few bytes of input as n needs; 0 once there are no more.
  /// REQUIRES: n > 0
  std::size_t below(std::size_t n) noexcept {
    std::size_t value = 0;
    for (std::size_t reach = 1; reach < n && !input_.empty(); reach *= 256) {
      value = value * 256 + input_.front();
      input_ = input_.subspan(1);
    }
    return value % n;
  }

 private:
  std::span<const std::uint8_t> input_;
};

}  // namespace quire::test
