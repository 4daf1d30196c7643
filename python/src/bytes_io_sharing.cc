// What quire.BytesIO has and io.BytesIO does not: snapshots, readers, clones, adopted memory, and
// access beside the position.
#include <algorithm>
#include <memory>

#include "argument.h"
#include "bytes.h"
#include "bytes_io.h"
#include "conversion.h"
#include "errors.h"
#include "python_block.h"
#include "versions.h"

namespace quire::python {

namespace {

/// A new quire.BytesIO, closed, of which close() always succeeds.
[[nodiscard]] BytesIOObject* new_independent(ModuleState& state) noexcept {
  BytesIOObject* const self = new_stream(reinterpret_cast<PyTypeObject*>(state.bytes_io_type));
  if (self != nullptr) self->closes_under_view = true;
  return self;
}

/// A reader or a clone: `make(stream)` of a stream of the core, or one over the same bytes object.
template <class Make>
[[nodiscard]] PyObject* derive(PyObject* object, bool same_position, Make&& make) noexcept {
  BytesIOObject* const self = as_stream(object);
  if (!is_open(self)) return raise_closed();
  convert_if_large(self);
  ModuleState& state = state_of_stream(self);
  if (self->core != nullptr) {
    return guarded([&] {
      return wrap_stream(state, std::make_unique<quire::BytesIO>(make(*self->core->stream)),
                         self->core->foreign);
    });
  }
  const Reference value(value_of(self));
  if (!value) return nullptr;
  BytesIOObject* const derived = new_independent(state);
  if (derived == nullptr) return nullptr;
  begin_with(derived, value.get());
  if (same_position) derived->pos = self->pos;
  return as_object(derived);
}

/// An offset or size that was given: an int that is not negative.
[[nodiscard]] bool read_unsigned(const char* what, PyObject* object, Py_ssize_t* value) noexcept {
  if (!read_size(object, value)) return false;
  if (*value >= 0) return true;
  PyErr_Format(PyExc_ValueError, "negative %s %zd", what, *value);
  return false;
}

/// The bytes [at, at + size), clamped to the stream, which stays where it is.
[[nodiscard]] PyObject* copy_part(BytesIOObject* self, Py_ssize_t at, Py_ssize_t size) noexcept {
  if (!over_bytes(self)) return core_read_at(self, at, size);
  const Py_ssize_t begin = std::min(at, self->size);
  const Py_ssize_t count = std::min(size, self->size - begin);
  return copy_out(self, begin, count);
}

/// The position; -1 with CLOSED set.
[[nodiscard]] Py_ssize_t position_of(BytesIOObject* self) noexcept {
  if (over_bytes(self)) return self->pos;
  if (self->core != nullptr) return static_cast<Py_ssize_t>(self->core->stream->tell());
  raise_closed();
  return -1;
}

[[nodiscard]] bool write_part(BytesIOObject* self, Py_ssize_t at, const Py_buffer& data) noexcept {
  if (!over_bytes(self)) return core_write_at(self, at, source_of(data));
  const Py_ssize_t before = std::exchange(self->pos, at);
  const bool written = write_any(self, source_of(data));
  self->pos = before;
  return written;
}

}  // namespace

bool share_all(BytesIOObject* self, Sharing sharing, quire::Bytes* bytes) noexcept {
  if (sharing == Sharing::Always) convert_if_large(self);
  if (!is_open(self)) {
    raise_closed();
    return false;
  }
  return guarded_void([&] {
    if (self->core != nullptr) {
      *bytes = self->core->stream->getvalue();
      return;
    }
    const Reference value(value_of(self));
    if (!value) throw std::bad_alloc();
    *bytes = share_object(value.get());
  });
}

PyObject* wrap_stream(ModuleState& state, std::unique_ptr<quire::BytesIO> stream,
                      bool foreign) noexcept {
  Reference self(as_object(new_independent(state)));
  if (!self) return nullptr;
  return guarded([&] {
    as_stream(self.get())->core = new CoreStream(std::move(stream), foreign);
    as_stream(self.get())->core->trace();
    return self.detach();
  });
}

PyObject* snapshot(PyObject* object, PyObject*) noexcept {
  quire::Bytes bytes;
  BytesIOObject* const self = as_stream(object);
  if (!share_all(self, Sharing::Always, &bytes)) return nullptr;
  return wrap_bytes(state_of_stream(self), std::move(bytes));
}

PyObject* reader(PyObject* object, PyObject*) noexcept {
  return derive(object, false, [](const quire::BytesIO& stream) { return stream.reader(); });
}

PyObject* clone(PyObject* object, PyObject*) noexcept {
  return derive(object, true, [](const quire::BytesIO& stream) { return stream.clone(); });
}

PyObject* read_view(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t size = -1;
  if (!read_size_argument("read_view", arguments, count, &size)) return nullptr;
  BytesIOObject* const self = as_stream(object);
  quire::Bytes bytes;
  if (!share_all(self, Sharing::Once, &bytes)) return nullptr;
  const std::size_t at = std::min(static_cast<std::size_t>(position_of(self)), bytes.size());
  const std::size_t rest = bytes.size() - at;
  const std::size_t taken = size < 0 ? rest : std::min(rest, static_cast<std::size_t>(size));
  Reference part(wrap_bytes(state_of_stream(self), bytes.piece({at, taken})));
  if (!part || taken == 0) return part.detach();
  if (self->core != nullptr) {
    const Reference moved(core_seek(self, static_cast<Py_ssize_t>(at + taken)));
    if (!moved) return nullptr;
  } else {
    self->pos = static_cast<Py_ssize_t>(at + taken);
  }
  return part.detach();
}

PyObject* peek(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t size = 0;
  if (!read_size_argument("peek", arguments, count, &size)) return nullptr;
  BytesIOObject* const self = as_stream(object);
  const Py_ssize_t at = position_of(self);
  return at < 0 ? nullptr : copy_part(self, at, size < 1 ? kDefaultBuffer : size);
}

PyObject* read_at(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t at = 0;
  Py_ssize_t size = 0;
  if (!check_count("read_at", count, 2, 2)) return nullptr;
  if (!read_unsigned("offset", arguments[0], &at)) return nullptr;
  if (!read_unsigned("size", arguments[1], &size)) return nullptr;
  return copy_part(as_stream(object), at, size);
}

PyObject* write_at(PyObject* object, PyObject* const* arguments, Py_ssize_t count) noexcept {
  Py_ssize_t at = 0;
  if (!check_count("write_at", count, 2, 2)) return nullptr;
  if (!read_unsigned("offset", arguments[0], &at)) return nullptr;
  Py_buffer data;
  if (PyObject_GetBuffer(arguments[1], &data, PyBUF_CONTIG_RO) != 0) return nullptr;
  const Py_ssize_t size = data.len;
  const bool written = write_part(as_stream(object), at, data);
  PyBuffer_Release(&data);
  return written ? PyLong_FromSsize_t(size) : nullptr;
}

PyObject* resize(PyObject* object, PyObject* argument) noexcept {
  BytesIOObject* const self = as_stream(object);
  Py_ssize_t size = 0;
  if (!read_unsigned("size", argument, &size)) return nullptr;
  if (!over_bytes(self)) {
    if (!core_resize(self, size)) return nullptr;
  } else if (size != self->size) {
    if (self->exports != 0) return raise_exports();
    if (size > kMaxBytes) {
      PyErr_SetString(PyExc_OverflowError, "new buffer size too large");
      return nullptr;
    }
    const Py_ssize_t before = self->size;
    self->size = std::min(size, before);
    if ((size > bytes_size(self->buf) || !is_ours(self->buf)) && !make_own(self, size)) {
      self->size = before;
      return nullptr;
    }
    if (size > before) {
      std::memset(bytes_data(self->buf) + before, 0, static_cast<std::size_t>(size - before));
    }
    self->size = size;
  }
  return PyLong_FromSsize_t(size);
}

PyObject* reserve(PyObject* object, PyObject* argument) noexcept {
  BytesIOObject* const self = as_stream(object);
  Py_ssize_t size = 0;
  if (!read_unsigned("size", argument, &size)) return nullptr;
  if (!over_bytes(self)) {
    if (!core_reserve(self, size)) return nullptr;
  } else if (size > bytes_size(self->buf)) {
    if (self->exports != 0) return raise_exports();
    if (size > kMaxBytes) return PyErr_NoMemory();
    if (!make_own(self, size)) return nullptr;
  }
  Py_RETURN_NONE;
}

PyObject* adopt(PyObject* object, PyObject* buffer) noexcept {
  auto* const type = reinterpret_cast<PyTypeObject*>(object);
  Reference made(as_object(new_stream(type)));
  if (!made) return nullptr;
  BytesIOObject* const self = as_stream(made.get());
  if (PyBytes_CheckExact(buffer)) {
    begin_with(self, buffer);
    return made.detach();
  }
  bool writable = false;
  quire::Bytes bytes;
  if (!share_buffer(buffer, &bytes, &writable)) return nullptr;
  return guarded([&] {
    quire::Bytes lent = writable ? quire::Bytes() : bytes;
    self->core = new CoreStream(std::make_unique<quire::BytesIO>(std::move(bytes)), true);
    self->core->lent = std::move(lent);
    return made.detach();
  });
}

}  // namespace quire::python
