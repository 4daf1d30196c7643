// Replays tests/golden/<type>.txt: calls that python3 answered, made here on the C++ types.
//
// tools/golden.py explains the lines. Results and exception types must be the same; where C++ is to
// differ the line has a tag, the test lists it with its reason, and a listed one that no line uses
// fails.
//
// Lifetime: arguments point into the line that is being replayed. Thread: one.
#pragma once

#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include "quire/byte_span.h"
#include "quire/error.h"
#include "quire/slice.h"

namespace quire::test::golden {

// --- results as tokens -----------------------------------------------------------------------------

inline std::string hex_of(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += kDigits[static_cast<unsigned char>(c) >> 4];
    text += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

inline std::string none() {
  return "n";
}

inline std::string of_bytes(ByteSpan bytes) {
  return "b" + hex_of(bytes.as_chars());
}

inline std::string of_text(std::string_view text) {
  return "u" + hex_of(text);
}

inline std::string of_bool(bool value) {
  return value ? "t" : "f";
}

template <std::integral T>
std::string of_int(T value) {
  return "i" + std::to_string(value);
}

inline std::string of_byte(std::byte value) {
  return of_int(std::to_integer<int>(value));
}

/// Python says -1 where find finds nothing.
inline std::string of_offset(std::size_t offset) {
  return offset == npos ? of_int(-1) : of_int(offset);
}

inline std::string of_float(double value) {
  if (std::isnan(value)) return "dnan";
  const auto bits = std::bit_cast<std::uint64_t>(value);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift);
  return "d" + hex_of(bytes);
}

template <class Items, class ToToken>
std::string of_list(const Items& items, ToToken to_token) {
  std::string text = "[";
  for (const auto& item : items) text += (text.size() > 1 ? "," : "") + to_token(item);
  return text + "]";
}

/// The Python exception that stands for the one in flight, by the table of quire/error.h.
inline std::string exception_token() {
  try {
    throw;
  } catch (const UnicodeDecodeError&) {
    return "!UnicodeDecodeError";
  } catch (const UnicodeEncodeError&) {
    return "!UnicodeEncodeError";
  } catch (const TypeError&) {
    return "!TypeError";
  } catch (const UnsupportedOperation&) {
    return "!UnsupportedOperation";
  } catch (const BufferError&) {
    return "!BufferError";
  } catch (const StructError&) {
    return "!StructError";
  } catch (const std::out_of_range&) {
    return "!IndexError";
  } catch (const std::length_error&) {
    return "!OverflowError";
  } catch (const std::invalid_argument&) {
    return "!ValueError";
  } catch (const std::bad_alloc&) {
    return "!MemoryError";
  } catch (const std::system_error&) {
    return "!OSError";
  }
}

// --- arguments ---------------------------------------------------------------------------------------

class Argument {
 public:
  explicit Argument(std::string_view token) : token_(token) {}

  [[nodiscard]] char kind() const { return token_[0]; }

  [[nodiscard]] bool is_none() const { return kind() == 'n'; }

  [[nodiscard]] bool boolean() const { return kind() == 't'; }

  template <std::integral T = std::ptrdiff_t>
  [[nodiscard]] T integer() const {
    T value{};
    const char* const end = token_.data() + token_.size();
    const auto result = std::from_chars(token_.data() + 1, end, value);
    if (kind() != 'i' || result.ptr != end || result.ec != std::errc()) {
      throw std::logic_error("not an integer of this type: " + std::string(token_));
    }
    return value;
  }

  [[nodiscard]] std::byte byte() const { return static_cast<std::byte>(integer<unsigned char>()); }

  /// One end of a slice.
  [[nodiscard]] SliceBound bound() const {
    return is_none() ? SliceBound(std::nullopt) : SliceBound(integer());
  }

  /// Bytes, or text as UTF-8.
  [[nodiscard]] std::string bytes() const {
    if (kind() != 'b' && kind() != 'u') {
      throw std::logic_error("neither bytes nor text: " + std::string(token_));
    }
    return from_hex(token_.substr(1));
  }

  [[nodiscard]] double number() const {
    if (token_ == "dnan") return std::nan("");
    std::uint64_t bits = 0;
    for (const char c : from_hex(token_.substr(1)))
      bits = bits << 8 | static_cast<unsigned char>(c);
    return std::bit_cast<double>(bits);
  }

  /// The items of a list that holds no lists.
  [[nodiscard]] std::vector<Argument> items() const {
    std::vector<Argument> result;
    std::string_view rest = token_.substr(1, token_.size() - 2);
    while (!rest.empty()) {
      const std::size_t comma = rest.find(',');
      result.emplace_back(rest.substr(0, comma));
      rest = comma == npos ? std::string_view() : rest.substr(comma + 1);
    }
    return result;
  }

 private:
  static std::string from_hex(std::string_view digits) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
      unsigned char byte = 0;
      std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
      bytes += static_cast<char>(byte);
    }
    return bytes;
  }

  std::string_view token_;
};

using Arguments = std::vector<Argument>;

/// The argument at `index`, or None where Python would take its default.
inline SliceBound bound_at(const Arguments& arguments, std::size_t index) {
  return index < arguments.size() ? arguments[index].bound() : SliceBound(std::nullopt);
}

inline std::vector<std::string> strings_of(const Argument& list) {
  std::vector<std::string> result;
  for (const Argument& item : list.items()) result.push_back(item.bytes());
  return result;
}

/// A size that Python may leave out; -1 is "all".
inline std::ptrdiff_t size_of(const Argument& argument) {
  return argument.is_none() ? -1 : argument.integer();
}

inline std::optional<std::size_t> optional_size_of(const Argument& argument) {
  if (argument.is_none()) return std::nullopt;
  // As a program would pass it: what is negative in Python arrives as a huge unsigned number.
  return static_cast<std::size_t>(argument.integer<std::ptrdiff_t>());
}

// --- the replay --------------------------------------------------------------------------------------

/// A rule by which C++ differs from Python.
struct Difference {
  std::string_view tag;
  /// What C++ does: an exception as "!ValueError", or "value" for any result.
  std::string_view instead;
  std::string_view reason;
};

struct Line {
  std::string_view method;
  Arguments arguments;
  std::string_view result;
  std::string_view tag;
};

inline Line parse(std::string_view text) {
  Line line;
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    words.push_back(text.substr(0, space));
    text = space == npos ? std::string_view() : text.substr(space + 1);
  }
  line.method = words.at(0);
  std::size_t i = 1;
  for (; words.at(i) != "="; ++i) line.arguments.emplace_back(words[i]);
  line.result = words.at(i + 1);
  if (i + 2 < words.size()) line.tag = words[i + 2].substr(1);
  return line;
}

inline bool is_as(std::string_view instead, std::string_view result) {
  return instead == "value" ? result[0] != '!' : result == instead;
}

/// Makes every call of tests/golden/<name>.txt through `call(method, arguments)`, which returns the
/// result as a token.
template <class Call>
void replay(const std::string& name, const std::vector<Difference>& differences, Call call) {
  std::ifstream file(QUIRE_SOURCE_DIR "/tests/golden/" + name + ".txt");
  ASSERT_TRUE(file) << name;
  std::set<std::string_view> unused;
  for (const Difference& difference : differences) unused.insert(difference.tag);
  std::size_t calls = 0;
  std::size_t failures = 0;
  std::string start;
  bool case_failed = false;
  std::string text;
  for (std::size_t number = 1; std::getline(file, text); ++number) {
    if (text[0] == '#') continue;
    const Line line = parse(text);
    if (line.method == "new") {
      start = text;
      case_failed = false;
    } else {
      ++calls;
    }
    // What follows a wrong answer in the same case says nothing new.
    if (case_failed) continue;
    std::string result;
    try {
      result = call(line.method, line.arguments);
    } catch (...) {
      result = exception_token();
    }
    bool right = result == line.result;
    for (const Difference& difference : differences) {
      if (difference.tag != line.tag) continue;
      unused.erase(difference.tag);
      right = !right && is_as(difference.instead, result);
    }
    if (right) continue;
    case_failed = !start.empty();
    if (++failures > 25) continue;
    ADD_FAILURE() << name << ".txt:" << number << ": " << text << "\n  here: " << result
                  << "\n  after " << start;
  }
  EXPECT_EQ(failures, 0u);
  for (const std::string_view tag : unused) {
    ADD_FAILURE() << "no line uses the difference '" << tag << "'";
  }
  EXPECT_GE(calls, 2000u);
  std::cout << name << ": " << calls << " calls of python3 replayed\n";
}

/// A call's name and what it does; a name that is missing is an error of the test.
template <class Subject>
using Table = std::map<std::string_view, std::string (*)(Subject&, const Arguments&)>;

template <class Subject>
std::string dispatch(const Table<Subject>& table, std::string_view method, Subject& subject,
                     const Arguments& arguments) {
  const auto entry = table.find(method);
  if (entry == table.end()) return "no such method in the table: " + std::string(method);
  return entry->second(subject, arguments);
}

}  // namespace quire::test::golden
