// An HTTP server that takes uploads: forms with files, each form into a SpooledIO, so that what is kept in
// memory depends on how many clients there are and not on what they send. It answers with what it got.
//
//     upload_server [PORT]     prints its port; serves until its standard input ends
//
// cpp-httplib speaks HTTP; this program decides what is too much or too slow. A form is taken apart when
// it is there: its bytes are contiguous, on the disk too, and the files in it are slices that share them.

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <httplib.h>

#include "quire/adapters/hash.h"
#include "quire/quire.h"

using namespace quire;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kInMemory = std::size_t{512} << 10;  // of a form; the rest goes to the disk
constexpr std::size_t kMostOfForm = std::size_t{32} << 20;
constexpr std::size_t kMostFiles = 16;
constexpr auto kMostTime = 20s, kMostSilence = 5s;  // of a form

/// What ends a request: the status of the answer, and why.
struct Refusal : std::runtime_error {
  Refusal(int status_, const std::string& why) : std::runtime_error(why), status(status_) {}

  int status;
};

struct File {
  std::string name;
  Bytes content;
};

/// The value of `name="..."`, or name=..., in a header; empty if there is none.
std::string parameter(std::string_view header, const std::string& name) {
  const std::size_t found = header.find("; " + name + "=");
  if (found == npos) return "";
  std::string_view value = header.substr(found + name.size() + 3);
  const bool quoted = value.substr(0, 1) == "\"";
  if (quoted) value.remove_prefix(1);
  return std::string(value.substr(0, value.find_first_of(quoted ? "\"\r\n" : "; \r\n")));
}

/// The parts of a form between its boundaries (RFC 2046, 5.1.1).
std::vector<File> files_of(const Bytes& form, const std::string& boundary) {
  const Refusal damaged(400, "not a whole form");
  const std::string mark = "\r\n--" + boundary;
  if (boundary.empty() || boundary.size() > 70) throw damaged;
  std::vector<File> files;
  std::size_t at = form.startswith(mark.substr(2)) ? mark.size() - 2 : form.find(mark);
  if (at == npos) throw damaged;
  if (at != mark.size() - 2) at += mark.size();  // behind what stands before the first part
  while (!form.slice(at).startswith("--")) {
    const std::size_t end = form.find(mark, at);
    if (end == npos || !form.slice(at).startswith("\r\n")) throw damaged;
    if (files.size() == kMostFiles) throw Refusal(413, "too many files");
    const auto [head, blank_line, content] = form.slice(at + 2, end).partition("\r\n\r\n");
    std::string name = parameter(head, "filename");
    if (name.empty()) name = parameter(head, "name");
    if (blank_line.empty() || name.empty()) throw damaged;
    files.push_back({std::move(name), content});
    at = end + mark.size();
  }
  if (files.empty()) throw damaged;
  return files;
}

/// Receives a form; what comes out is one line for each file.
std::string take(const httplib::Request& request, const httplib::ContentReader& content) {
  if (!request.is_multipart_form_data()) throw Refusal(415, "only forms with files");
  const std::string type = request.get_header_value("Content-Type");
  // What is no form to the library comes as it is. Its own parser loses a boundary that two reads cut.
  const_cast<httplib::Request&>(request).headers.erase("Content-Type");
  SpooledIO form(SpooledOptions{.max_size = kInMemory, .size_limit = kMostOfForm});
  const auto deadline = std::chrono::steady_clock::now() + kMostTime;
  std::exception_ptr failure;  // none may pass through the library
  const bool whole = content([&](const char* data, std::size_t size) {
    try {
      if (std::chrono::steady_clock::now() > deadline) throw Refusal(408, "too slow");
      form.write({data, size});
    } catch (...) {
      failure = std::current_exception();
    }
    return !failure;
  });
  if (failure) std::rethrow_exception(failure);
  if (!whole) throw Refusal(400, "not a whole form");
  std::string lines;
  for (const File& file : files_of(form.getvalue(), parameter(type, "boundary"))) {
    lines += std::to_string(file.content.size()) + (form.rolled() ? " disk " : " memory ") +
             Sha256::digest_of(file.content).hex() + " " + file.name + "\n";
  }
  return lines;
}

void answer(const httplib::Request& request, httplib::Response& response,
            const httplib::ContentReader& content) {
  const auto refuse = [&](int status, const std::string& why) {
    if (response.status != 413) response.status = status;  // which the library finds by itself
    response.set_content(why + "\n", "text/plain");
  };
  try {
    response.set_content(take(request, content),
                         "text/plain");  // by gzip, if the client takes that
  } catch (const Refusal& refusal) {
    refuse(refusal.status, refusal.what());
  } catch (const std::length_error&) {
    refuse(413, "the form is too large");
  } catch (const std::system_error& error) {
    refuse(507, error.what());  // the disk
  } catch (const std::exception& error) {
    refuse(500, error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(32); };
  server.set_payload_max_length(kMostOfForm);
  server.set_keep_alive_max_count(1);  // what a refused client still sends is no request
  server.set_read_timeout(kMostSilence);
  server.set_write_timeout(kMostSilence);
  server.Post("/upload", answer);
  const int port = argc > 1 ? std::atoi(argv[1]) : server.bind_to_any_port("127.0.0.1");
  if (argc > 1 && !server.bind_to_port("127.0.0.1", port)) return EXIT_FAILURE;
  std::cout << port << std::endl;
  const std::jthread end([&] {
    while (std::cin.get() != EOF) {
    }
    server.stop();
  });
  return server.listen_after_bind() ? EXIT_SUCCESS : EXIT_FAILURE;
}
