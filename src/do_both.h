// do_both: two steps of a close, the second also when the first fails. The first failure is the one
// that is reported.
//
// Lifetime: none. Thread: none.
#pragma once

namespace quire::detail {

template <class First, class Second>
void do_both(First&& first, Second&& second) {
  try {
    first();
  } catch (...) {
    try {
      second();
    } catch (...) {
      // Most often the same trouble again: the first report is the one that helps.
    }
    throw;
  }
  second();
}

}  // namespace quire::detail
