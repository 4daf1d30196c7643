// quire._quire._Report: what happened to memory since it was made. quire.track() and quire.profile are
// made of it, in Python.
//
// Lifetime: a report measures from its construction on. Thread: sees what every thread does.
#include <cstddef>
#include <memory>

#include "errors.h"
#include "module_state.h"
#include "python_api.h"
#include "quire/ledger.h"
#include "quire/memory_report.h"
#include "traced.h"

namespace quire::python {

namespace {

struct ReportObject {
  PyObject_HEAD MemoryReport* report;
};

const MemoryReport& report_of(PyObject* object) noexcept {
  return *reinterpret_cast<ReportObject*>(object)->report;
}

PyObject* construct(PyTypeObject* type, PyObject*, PyObject*) noexcept {
  return guarded([&]() -> PyObject* {
    auto report = std::make_unique<MemoryReport>();
    PyObject* const object = allocate(type);
    if (object != nullptr) reinterpret_cast<ReportObject*>(object)->report = report.release();
    return object;
  });
}

void destroy(PyObject* object) noexcept {
  delete reinterpret_cast<ReportObject*>(object)->report;
  deallocate(object);
}

PyObject* additional_bytes(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyLong_FromSsize_t(report_of(self).additional_bytes()); });
}

PyObject* peak_bytes(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return PyLong_FromSize_t(report_of(self).peak_bytes()); });
}

/// Bytes by reason.
PyObject* by_reason(const std::array<std::uint64_t, kCopyReasons>& bytes) {
  Reference dict(PyDict_New());
  for (std::size_t i = 0; dict && i < bytes.size(); ++i) {
    const Reference value(PyLong_FromUnsignedLongLong(bytes[i]));
    const char* const reason = to_string(static_cast<CopyReason>(i));
    if (!value || PyDict_SetItemString(dict.get(), reason, value.get()) < 0) return nullptr;
  }
  return dict.detach();
}

PyObject* copied(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return by_reason(report_of(self).ledger().copied); });
}

PyObject* shared(PyObject* self, PyObject*) noexcept {
  return guarded([&] { return by_reason(report_of(self).ledger().shared); });
}

PyMethodDef methods[] = {
    {"additional_bytes", as_method(additional_bytes), METH_NOARGS,
     "Bytes the process holds now that it did not hold at the start."},
    {"peak_bytes", as_method(peak_bytes), METH_NOARGS,
     "How far the process has been above where it started."},
    {"copied", as_method(copied), METH_NOARGS, "Bytes copied since the start, by reason."},
    {"shared", as_method(shared), METH_NOARGS, "Bytes shared since the start, by reason."},
    {nullptr, nullptr, 0, nullptr},
};

PyType_Slot report_slots[] = {
    {Py_tp_doc, const_cast<char*>("Measures memory from its construction on.")},
    {Py_tp_new, as_slot(construct)},
    {Py_tp_dealloc, as_slot(destroy)},
    {Py_tp_methods, methods},
    {0, nullptr},
};

PyType_Spec report_spec = {
    "quire._quire._Report", sizeof(ReportObject), 0, Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    report_slots,
};

}  // namespace

bool add_track(PyObject* module, ModuleState& state) {
  detail::memory_gone.store(untrace_memory);
  return add_type(module, report_spec, nullptr, &state.report_type) &&
         PyObject_SetAttrString(module, "_Report", state.report_type) == 0 &&
         PyModule_AddIntConstant(module, "TRACEMALLOC_DOMAIN", kTraceDomain) == 0;
}

}  // namespace quire::python
