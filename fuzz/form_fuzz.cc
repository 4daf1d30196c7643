// Any bytes through the upload server's parser of forms, beside a slow one that only counts boundaries;
// and forms that were made of names and contents, which must come back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "quire/bytes.h"
#include "support/fuzz_choices.h"
#include "upload/form.h"

namespace {

using quire::Bytes;
using quire::ByteSpan;
using quire::test::FuzzChoices;

constexpr std::size_t kMostFiles = 5;
constexpr std::string_view kHeader = "Content-Disposition: form-data; name=\"n\"";

void require(bool holds) {
  if (!holds) std::abort();
}

std::string boundary_of(FuzzChoices& choices) {
  constexpr std::string_view kBoundaries[] = {"b",    "-",        "--", "bb",
                                              "ab-c", "b\r\n--b", "",   "----x"};
  if (choices.below(8) == 0) return std::string(choices.below(75), 'q');
  return std::string(kBoundaries[choices.below(std::size(kBoundaries))]);
}

/// Text in which what matters to the parser is frequent.
std::string text_of(FuzzChoices& choices, const std::string& boundary, std::size_t most) {
  const std::string pieces[] = {"\r\n",
                                "--",
                                boundary,
                                "\r\n--" + boundary,
                                "\r\n--" + boundary + "--",
                                "\r\n\r\n",
                                "\r",
                                "\n",
                                " ",
                                "\t",
                                "\"",
                                "\\",
                                ";",
                                "=",
                                std::string(kHeader),
                                "content-disposition:form-data;filename=f",
                                std::string(8190, 'h')};
  std::string text;
  for (std::size_t i = 0; i < most && !choices.exhausted(); ++i) {
    const std::size_t choice = choices.below(std::size(pieces) + 8);
    if (choice < std::size(pieces)) {
      text += pieces[choice];
    } else {
      text += static_cast<char>(choices.below(256));
    }
  }
  return text;
}

/// What stands between the boundaries, each with the line end before it; none if it is not a form.
std::optional<std::vector<std::string>> slowly(const std::string& form,
                                               const std::string& boundary) {
  const std::string text = "\r\n" + form;
  const std::string mark = "\r\n--" + boundary;
  std::vector<std::string> pieces(1);
  for (std::size_t at = 0; at < text.size();) {
    if (text.compare(at, mark.size(), mark) == 0) {
      at += mark.size();
      if (text.compare(at, 2, "--") == 0) {
        if (pieces.size() == 1) return std::nullopt;
        return std::vector<std::string>(pieces.begin() + 1, pieces.end());
      }
      pieces.emplace_back();
      while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
      if (text.compare(at, 2, "\r\n") != 0) return std::nullopt;
      // This line end may belong to the next boundary as well.
      if (text.compare(at, mark.size(), mark) == 0) return std::nullopt;
      pieces.back() = text.substr(at, 2);
      at += 2;
    } else {
      pieces.back() += text[at++];
    }
  }
  return std::nullopt;
}

std::optional<std::vector<FormFile>> quickly(const Bytes& form, const std::string& boundary) {
  try {
    return files_of(form, boundary, kMostFiles);
  } catch (const FormError&) {
    return std::nullopt;
  } catch (const std::length_error&) {
    return std::nullopt;
  }
}

void compare(const std::string& form, const std::string& boundary) {
  const auto files = quickly(Bytes(ByteSpan(form)), boundary);
  const auto pieces = slowly(form, boundary);
  if (!files) {
    bool good =
        pieces && pieces->size() <= kMostFiles && !boundary.empty() && boundary.size() <= 70;
    // Other headers may be good, too, but the slow one does not look at them.
    for (std::size_t i = 0; good && i < pieces->size(); ++i) {
      good = (*pieces)[i].starts_with("\r\n" + std::string(kHeader) + "\r\n\r\n");
    }
    return require(!good);
  }
  require(pieces && pieces->size() == files->size() && files->size() <= kMostFiles);
  for (std::size_t i = 0; i < files->size(); ++i) {
    const FormFile& file = (*files)[i];
    const std::string& piece = (*pieces)[i];
    const std::size_t blank_line = piece.find("\r\n\r\n", 2);
    require(blank_line != std::string::npos && blank_line < 8192 + 2);
    require(file.content == ByteSpan(piece.substr(blank_line + 4)));
    require(!file.name.empty());
    for (const char c : file.name) require(static_cast<unsigned char>(c) >= ' ' && c != 0x7f);
  }
}

/// As a browser writes it, but that quotes are escaped as RFC 7578's readers must expect.
std::string quoted(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

void round_trip(FuzzChoices& choices, const std::string& boundary) {
  const std::string mark = "\r\n--" + boundary;
  std::vector<FormFile> files;
  std::string form = choices.below(2) == 0 ? "" : "before\r\n";
  for (std::size_t count = 1 + choices.below(kMostFiles); count > 0; --count) {
    std::string name;
    for (std::size_t size = 1 + choices.below(20); size > 0; --size) {
      constexpr std::string_view kCharacters = "ab \"\\;=:/'%-\xc3\xa9";
      name += kCharacters[choices.below(kCharacters.size())];
    }
    std::string content = text_of(choices, boundary.substr(0, boundary.size() - 1), 10);
    // What contains its boundary is no content of a form; the line end may be the header's.
    if (("\r\n" + content + mark).find(mark) != content.size() + 2) content.clear();
    form += mark.substr(files.empty() && form.empty() ? 2 : 0);
    form += "\r\nX: filename=\"x\"; name=y\r\nContent-Disposition: form-data; " +
            std::string(choices.below(2) == 0 ? "name=n; filename=" : "other; Name=") +
            quoted(name) + "\r\n\r\n" + content;
    files.push_back({name, Bytes(ByteSpan(content))});
  }
  form += mark + "--" + (choices.below(2) == 0 ? "" : "\r\nbehind");
  const auto found = quickly(Bytes(ByteSpan(form)), boundary);
  require(found && found->size() == files.size());
  for (std::size_t i = 0; i < files.size(); ++i) {
    require((*found)[i].name == files[i].name && (*found)[i].content == files[i].content);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzChoices choices({data, size});
  const std::size_t kind = choices.below(4);
  const std::string boundary = boundary_of(choices);
  if (kind == 0 && !boundary.empty() && boundary.size() <= 70 &&
      boundary.find('\r') == std::string::npos) {
    round_trip(choices, boundary);
  } else if (kind == 1) {
    std::string text;
    while (!choices.exhausted()) text += static_cast<char>(choices.below(256));
    compare(text, boundary);
  } else {
    compare(text_of(choices, boundary, 200), boundary);
  }
  return 0;
}
