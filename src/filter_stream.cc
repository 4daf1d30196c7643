#include "quire/filter_stream.h"

#include <utility>

#include "do_both.h"
#include "quire/error.h"

namespace quire {

FilterStream::FilterStream(StreamHandle inner) : inner_(std::move(inner)) {
  if (!inner_) detail::throw_invalid("a filter needs a stream to stand on");
}

Stream& FilterStream::inner() const {
  check_open();
  return *inner_;
}

bool FilterStream::readable() const {
  return inner().readable();
}

bool FilterStream::writable() const {
  return inner().writable();
}

bool FilterStream::isatty() const {
  return inner().isatty();
}

std::size_t FilterStream::readinto(MutableByteSpan target) {
  return inner().readinto(target);
}

std::size_t FilterStream::write(ByteSpan data) {
  return inner().write(data);
}

void FilterStream::flush() {
  inner().flush();
}

void FilterStream::close() {
  if (closed()) return;
  detail::do_both([this] { finish(); }, [this] { std::exchange(inner_, {}).finish(); });
}

void FilterStream::close_quietly() noexcept {
  try {
    close();
  } catch (...) {
    // A destructor has nobody to tell.
    return;
  }
}

}  // namespace quire
