// RandomChoices: the random decisions of a test, repeatable from the seed it prints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace quire::test {

/// How many random steps a test takes: more when nobody waits for it, but few enough to end within
/// ctest's time under a sanitizer too.
inline std::size_t steps(std::size_t usual) {
  return std::getenv("QUIRE_NIGHTLY") != nullptr ? 5 * usual : usual;
}

class RandomChoices {
 public:
  explicit RandomChoices(std::uint64_t seed) : engine_(seed) {}

  /// The seed is QUIRE_TEST_SEED if that is set, else another one each time; it is printed.
  static RandomChoices from_environment() {
    const char* const given = std::getenv("QUIRE_TEST_SEED");
    const std::uint64_t seed =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::printf("seed %llu (set QUIRE_TEST_SEED to repeat)\n",
                static_cast<unsigned long long>(seed));
    return RandomChoices(seed);
  }

  /// A number in [0, n). REQUIRES: n > 0
  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(engine_);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace quire::test
