// A block whose memory is a Python bytes object.
#include "python_block.h"

#include <cstddef>

namespace quire::python {

namespace {

struct ObjectBlock : detail::Block {
  PyObject* object;
};

void destroy(detail::Block* block) noexcept {
  auto* const mine = static_cast<ObjectBlock*>(block);
  // After the interpreter is gone so is the object.
  if (Py_IsInitialized() != 0) {
    const PyGILState_STATE state = PyGILState_Ensure();
    Py_DECREF(mine->object);
    PyGILState_Release(state);
  }
  delete mine;
}

constexpr detail::BlockKind kObjectKind{"python", destroy, detail::refuse_resize};

}  // namespace

Bytes share_object(PyObject* object) {
  const auto size = static_cast<std::size_t>(PyBytes_Size(object));
  if (size == 0) return {};
  auto* const data = reinterpret_cast<std::byte*>(PyBytes_AsString(object));
  auto* const block = new ObjectBlock{{data, size, &kObjectKind, 1, 0}, object};
  Py_INCREF(object);
  return {detail::BlockRef::adopt(block), data, size};
}

PyObject* object_of(const detail::Block* block) noexcept {
  if (block == nullptr || block->kind != &kObjectKind) return nullptr;
  return static_cast<const ObjectBlock*>(block)->object;
}

}  // namespace quire::python
