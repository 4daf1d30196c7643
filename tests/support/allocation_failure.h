// Makes allocations fail on demand: malloc, realloc and operator new of the calling thread.
//
// A test that uses it links quire_allocation_failure, whose options let the linker send the library's
// own calls through here.
#pragma once

#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quire/error.h"

namespace quire::test {

/// How many more allocations this thread may make; none set: as many as it likes.
inline thread_local std::optional<std::size_t> allocation_budget;

/// Allocations asked for by this thread while a budget was set, refused ones included.
inline thread_local std::size_t allocations_asked = 0;

/// Lets `allowed` allocations through, then none, until the scope ends.
class AllocationBudget {
 public:
  explicit AllocationBudget(std::size_t allowed) noexcept {
    allocations_asked = 0;
    allocation_budget = allowed;
  }

  ~AllocationBudget() { allocation_budget.reset(); }

  AllocationBudget(const AllocationBudget&) = delete;
  AllocationBudget& operator=(const AllocationBudget&) = delete;
};

/// Runs `operation` with 0, 1, 2, ... allocations allowed until it succeeds or a view refuses it; calls
/// `check` unless it succeeded. Returns how often allocations failed. What `operation` works on must
/// be made anew by `prepare`.
template <class Prepare, class Operation, class Check>
std::size_t fail_each_allocation(Prepare prepare, Operation operation, Check check) {
  for (std::size_t allowed = 0;; ++allowed) {
    auto subject = prepare();
    try {
      const AllocationBudget budget(allowed);
      operation(subject);
      return allowed;
    } catch (const std::bad_alloc&) {
      check(subject);
    } catch (const BufferError&) {
      check(subject);
      return allowed;
    }
  }
}

/// The same for each of the named operations in each of the named states; returns the sum.
template <class Subject, class Check>
std::size_t fail_each_allocation(
    const std::vector<std::pair<const char*, Subject (*)()>>& states,
    const std::vector<std::pair<const char*, std::function<void(Subject&)>>>& operations,
    Check check) {
  std::size_t failures = 0;
  for (const auto& [state, make] : states) {
    for (const auto& [name, operation] : operations) {
      SCOPED_TRACE(std::string(name) + " while " + state);
      failures += fail_each_allocation(make, operation, check);
    }
  }
  return failures;
}

}  // namespace quire::test
