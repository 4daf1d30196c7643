// Uploads files as a form, and prints the answer. A server that is busy, or a connection that breaks, is
// tried again: libcurl has the streams rewound, and the answer's is cut.
//
//     upload_client URL FILE...     `-` is the standard input, which is kept to be sent again

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <curl/curl.h>
#include <unistd.h>

#include "quire/adapters/curl.h"
#include "quire/quire.h"

using namespace quire;
using namespace std::chrono_literals;

namespace {

constexpr int kMostAttempts = 6;

/// What can be sent again.
std::unique_ptr<Stream> open(const std::string& name) {
  if (name != "-") return std::make_unique<FileIO>(name);
  auto kept = std::make_unique<SpooledIO>(SpooledOptions{.max_size = 1 << 20});
  FileIO input(STDIN_FILENO, "r", false);
  copyfileobj(input, *kept);
  kept->seek(0);
  return kept;
}

/// Whether to try again; what cannot be mended is thrown.
bool failed(CurlTransfer& transfer, CURL* handle) {
  try {
    transfer.perform();
  } catch (const CurlLimitError&) {
    throw;
  } catch (const CurlError& error) {
    std::cerr << error.what() << '\n';
    return true;
  }
  long status = 0;
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 400 && status < 500) {
    throw std::runtime_error("refused with status " + std::to_string(status));
  }
  if (status >= 500) std::cerr << "status " << status << '\n';
  return status >= 500;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) throw std::runtime_error("upload_client URL FILE...");
  const std::unique_ptr<CURL, void (*)(CURL*)> handle(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, argv[1]);
  curl_easy_setopt(handle.get(), CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl knows
  curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle.get(), CURLOPT_POSTREDIR, CURL_REDIR_POST_ALL);

  CurlTransfer transfer(handle.get());
  const std::unique_ptr<curl_mime, void (*)(curl_mime*)> form(curl_mime_init(handle.get()),
                                                              curl_mime_free);
  for (int i = 2; i < argc; ++i) {
    curl_mimepart* const part = curl_mime_addpart(form.get());
    curl_mime_name(part, "file");
    curl_mime_filename(part, std::filesystem::path(argv[i]).filename().c_str());
    transfer.send_part(part, open(argv[i]));
  }
  curl_easy_setopt(handle.get(), CURLOPT_MIMEPOST, form.get());
  BytesIO answer;
  transfer.download_to(answer, 1 << 20);

  int attempts = 1;
  for (auto pause = 50ms; failed(transfer, handle.get()); pause *= 2) {
    if (attempts++ == kMostAttempts) throw std::runtime_error("given up");
    std::this_thread::sleep_for(pause);
  }
  std::cout << static_cast<std::string_view>(answer.getvalue());
  if (attempts > 1) std::cerr << "sent " << attempts << " times\n";
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
