#include "upload/form.h"

#include <algorithm>
#include <utility>

using quire::Bytes;
using quire::npos;

namespace {

constexpr std::size_t kMostOfHead = 8192;

/// The name in the header of a part.
std::string name_of(const Bytes& head) {
  for (const Bytes& line : head.split("\r\n")) {
    if (line.empty()) break;  // what looks like a field behind it is none
    const auto [field, colon, value] = line.partition(":");
    if (field.lower() != "content-disposition") continue;
    std::string name = parameter(value, "filename");
    if (name.empty()) name = parameter(value, "name");
    // Whoever prints the name prints one line, and nothing that commands a terminal.
    const auto control = [](unsigned char c) { return c < ' ' || c == 0x7f; };
    if (std::ranges::any_of(name, control)) throw FormError("a name with control characters");
    if (!name.empty()) return name;
  }
  throw FormError("a part without a name");
}

}  // namespace

std::string parameter(std::string_view header, std::string_view name) {
  std::size_t at = header.find(';');
  while (at < header.size()) {
    at = header.find_first_not_of(" \t", at + 1);
    const std::size_t end = header.find_first_of("=;", at);
    if (end == npos) break;
    const Bytes key(header.substr(at, end - at));
    at = end;
    if (header[end] == ';') continue;
    std::string value;
    if (header.substr(++at, 1) == "\"") {
      for (++at; at < header.size() && header[at] != '"'; ++at) {
        // Browsers send a backslash as it is, so that nothing but these two is escaped.
        const std::string_view pair = header.substr(at, 2);
        if (pair == "\\\"" || pair == "\\\\") ++at;
        value += header[at];
      }
      if (at >= header.size()) break;  // without its end
    } else {
      value = header.substr(at, header.find_first_of("; \t", at) - at);
    }
    if (key.lower() == name) return value;
    at = header.find(';', at);
  }
  return "";
}

std::vector<FormFile> files_of(const Bytes& form, std::string_view boundary, std::size_t most) {
  if (boundary.empty() || boundary.size() > 70) throw FormError("no boundary that can be one");
  const std::string mark = "\r\n--" + std::string(boundary);
  // The first one needs no line before it; what stands there instead is not for us.
  const bool first = form.startswith(mark.substr(2));
  std::size_t at = first ? 0 : form.find(mark);
  if (at == npos) throw FormError("no boundary in the form");
  at += first ? mark.size() - 2 : mark.size();
  std::vector<FormFile> files;
  while (!form.slice(at).startswith("--")) {
    while (form.slice(at, at + 1) == " " || form.slice(at, at + 1) == "\t") ++at;
    if (!form.slice(at).startswith("\r\n")) throw FormError("no boundary, but almost");
    const std::size_t end = form.find(mark, at);
    if (end == npos) throw FormError("no boundary at the end");
    if (files.size() == most) throw std::length_error("too many files");
    const Bytes part = form.slice(at + 2, end);
    const std::size_t blank_line = part.slice(0, kMostOfHead).find("\r\n\r\n");
    if (blank_line == npos) throw FormError("a part without a header, or with too long a one");
    files.push_back({name_of(part.slice(0, blank_line)), part.slice(blank_line + 4)});
    at = end + mark.size();
  }
  if (files.empty()) throw FormError("no file in the form");
  return files;
}
