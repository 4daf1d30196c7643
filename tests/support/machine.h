// Machine: what the machines have in common that run random operations beside a slow obvious model.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "quire/byte_span.h"
#include "quire/bytes.h"

namespace quire::test {

/// What a step found to differ from the model.
class Mismatch : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Bytes and what they must show for ever.
struct Kept {
  Bytes bytes;
  std::string expected;
};

/// Operation name to how often it ran in each state.
template <std::size_t States>
using Counts = std::map<std::string, std::array<std::size_t, States>>;

/// Takes its decisions from `Choices`, which has `std::size_t below(n)`: a random generator or the
/// input of a fuzzer. A difference from the model is thrown as Mismatch.
template <class Choices>
class Machine {
 public:
  explicit Machine(Choices choices) : choices_(std::move(choices)) {}

  [[nodiscard]] const Choices& choices() const noexcept { return choices_; }

 protected:
  static std::string text(ByteSpan bytes) { return std::string(bytes.as_chars()); }

  void choose_anew(Choices choices) { choices_ = std::move(choices); }

  std::size_t below(std::size_t n) { return choices_.below(n); }

  bool one_in(std::size_t n) { return below(n) == 0; }

  template <class A, class B>
  void same(const A& actual, const B& expected, const char* what) const {
    if (!(actual == expected)) throw Mismatch(running_ + ": " + what);
  }

  /// Mostly small, now and then around a page or a growth step.
  std::size_t some_size() {
    static constexpr std::array<std::size_t, 8> kEdges = {0, 1, 64, 207, 208, 209, 4095, 4097};
    return one_in(4) ? kEdges[below(kEdges.size())] : below(300);
  }

  std::string some_bytes(std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = one_in(20) ? '\n' : static_cast<char>('a' + below(26));
    return bytes;
  }

  std::string some_bytes() { return some_bytes(some_size()); }

  /// The operation that runs now.
  std::string running_;

 private:
  Choices choices_;
};

}  // namespace quire::test
