// WithoutLock: a scope in which a thread does without the interpreter's lock.
#pragma once

#include <unistd.h>

#include "python_api.h"

namespace quire::python {

/// Lets go of the interpreter's lock.
class WithoutLock {
 public:
  WithoutLock() noexcept : state_(PyEval_SaveThread()) {}

  WithoutLock(const WithoutLock&) = delete;
  WithoutLock& operator=(const WithoutLock&) = delete;

  ~WithoutLock() {
    try {
      PyEval_RestoreThread(state_);
    } catch (...) {
      // Before 3.14 a thread that comes back after the interpreter's end is unwound, which no noexcept
      // function survives. It stays here until the process ends, as 3.14 has it.
      for (;;) pause();
    }
  }

 private:
  PyThreadState* state_;
};

}  // namespace quire::python
