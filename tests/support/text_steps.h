// Random operations on a text stream beside the slow obvious TextModel.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "support/operation_counts.h"
#include "support/text_model.h"

namespace quire::test {

inline constexpr std::array kTextStates = {"beginning", "inside", "end", "past end"};
using TextCounts = Counts<kTextStates.size()>;

/// Reads, writes, seeks or cuts both in the same way, and counts that; results and positions must be
/// the same. A write in eight has up to `longest` code points, the others 8.
template <class Stream>
void step_both(std::mt19937& random, bool ascii, std::size_t longest, Stream& stream,
               TextModel& model, TextCounts& ran) {
  const std::size_t state = model.position == 0                   ? 0
                            : model.position < model.text.size()  ? 1
                            : model.position == model.text.size() ? 2
                                                                  : 3;
  const auto size = static_cast<std::ptrdiff_t>(random() % 12) - 2;
  const char* name = "";
  switch (random() % 7) {
    case 0:
      name = "read";
      ASSERT_EQ(stream.read(size), to_utf8(model.read(size)));
      break;
    case 1:
      name = "readline";
      ASSERT_EQ(stream.readline(size), to_utf8(model.readline(size)));
      break;
    case 2:
    case 3: {
      name = "write";
      const std::u32string text = random_text(random, random() % 8 == 0 ? longest : 8, ascii);
      ASSERT_EQ(stream.write(to_utf8(text)), text.size());
      model.write(text);
      break;
    }
    case 4:
    case 5: {
      name = "seek";
      const std::size_t kind = random() % 5;
      model.position = kind == 0   ? 0
                       : kind == 1 ? model.text.size()
                                   : random() % (model.text.size() + 4);
      ASSERT_EQ(stream.seek(static_cast<std::ptrdiff_t>(model.position)), model.position);
      break;
    }
    default: {
      name = "truncate";
      const std::size_t kept =
          model.text.size() - std::min<std::size_t>(model.text.size(), random() % 20);
      ASSERT_EQ(stream.truncate(kept), kept);
      model.truncate(kept);
    }
  }
  ++ran[name][state];
  ASSERT_EQ(stream.tell(), model.position) << "after " << name;
}

}  // namespace quire::test
