// locked<method>: a method that holds the lock of its object, where builds without the interpreter's
// lock need one. Elsewhere it is the method itself.
#pragma once

#include "python_api.h"

namespace quire::python {

#ifdef Py_GIL_DISABLED

template <auto Method>
struct Locked;

template <class Result, class... Arguments, Result (*Method)(PyObject*, Arguments...) noexcept>
struct Locked<Method> {
  static Result call(PyObject* self, Arguments... arguments) noexcept {
    Result result;
    Py_BEGIN_CRITICAL_SECTION(self);
    result = Method(self, arguments...);
    Py_END_CRITICAL_SECTION();
    return result;
  }
};

template <auto Method>
inline constexpr auto locked = &Locked<Method>::call;

#else

template <auto Method>
inline constexpr auto locked = Method;

#endif

}  // namespace quire::python
