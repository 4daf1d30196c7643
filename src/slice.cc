#include "quire/slice.h"

#include "quire/error.h"

namespace quire::detail {

StridedRange resolve(SliceBound start, SliceBound stop, std::ptrdiff_t step, std::size_t size) {
  if (step == 0) throw_invalid("slice step cannot be zero");
  if (step > 0) {
    const Range range = resolve(start, stop, size);
    const auto width = static_cast<std::size_t>(step);
    const std::size_t count = range.count == 0 ? 0 : (range.count - 1) / width + 1;
    return {static_cast<std::ptrdiff_t>(range.offset), step, count};
  }
  // Walking down, both ends clamp to [-1, size - 1]; -1 is "before the first".
  const auto clamp = [size](SliceBound bound, std::ptrdiff_t omitted) -> std::ptrdiff_t {
    const auto last = static_cast<std::ptrdiff_t>(size) - 1;
    if (bound.omitted()) return omitted;
    std::ptrdiff_t value = bound.value();
    if (value < 0) {
      if (value < -static_cast<std::ptrdiff_t>(size)) return -1;
      value += static_cast<std::ptrdiff_t>(size);
    }
    return value < last ? value : last;
  };
  const std::ptrdiff_t from = clamp(start, static_cast<std::ptrdiff_t>(size) - 1);
  const std::ptrdiff_t to = clamp(stop, -1);
  if (from <= to) return {from, step, 0};
  const std::size_t width = std::size_t{0} - static_cast<std::size_t>(step);
  return {from, step, (static_cast<std::size_t>(from - to) - 1) / width + 1};
}

}  // namespace quire::detail
