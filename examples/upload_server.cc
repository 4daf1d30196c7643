// An HTTP server that takes forms with files, each form into a SpooledIO, so that what is kept in memory
// depends on how many clients there are and not on what they send.
//
//     upload_server [PORT]     prints its port; serves until its standard input ends
//
//     POST /upload      a line for each file: its size, where it was, its SHA-256 and its name
//     POST /thumbnail   the picture in the form, small, upright and marked, as PNG
//
// Beast speaks HTTP; what is too much or too slow is decided here. A form is taken apart when it is there:
// its bytes are contiguous, on the disk too, and the files in it are slices that share them. Whatever a
// client sends, more than kInMemory of it is on the disk; only pictures take more, two at a time.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <limits>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "quire/adapters/beast.h"
#include "quire/adapters/hash.h"
#include "quire/adapters/image.h"
#include "quire/adapters/zlib.h"
#include "quire/quire.h"
#include "thumbnail/picture.h"
#include "upload/connection.h"
#include "upload/form.h"
#include "upload/listener.h"

using namespace quire;
using namespace std::chrono_literals;
namespace http = boost::beast::http;
using http::status;

namespace {

constexpr std::size_t kMostClients = 32, kMostPainters = 2, kMostFiles = 16, kSide = 256;
constexpr std::size_t kInMemory = std::size_t{512} << 10;  // of a form; the rest goes to the disk
constexpr std::size_t kMostOfForm = std::size_t{32} << 20;
constexpr std::uint64_t kMostPixels = 16'000'000;
constexpr auto kMostTime = 20s, kMostSilence = 5s;

using Answer = http::response<StreamBody<>>;

void show_files(const std::vector<FormFile>& files, bool on_disk, bool gzip, Answer& answer) {
  std::string lines;
  for (const FormFile& file : files) {
    lines += std::to_string(file.content.size()) + (on_disk ? " disk " : " memory ") +
             Sha256::digest_of(file.content).hex() + " " + file.name + "\n";
  }
  answer.set(http::field::content_type, "text/plain");
  if (!gzip) return void(answer.body().write(lines));
  answer.set(http::field::content_encoding, "gzip");
  GzipWriter(answer.body()).write(lines);
}

void show_thumbnail(const std::vector<FormFile>& files, Answer& answer) {
  // A picture takes far more memory than the bytes that bring it.
  static std::counting_semaphore<kMostPainters> painters(kMostPainters);
  if (files.size() != 1) throw Refusal(status::bad_request, "not one picture");
  if (!painters.try_acquire()) throw Refusal(status::service_unavailable, "too many pictures");
  const std::shared_ptr<void> turn(&painters, [](void*) { painters.release(); });
  BytesIO in(files[0].content);
  Image image =
      decode_image(in, {.max_pixels = kMostPixels, .least_width = kSide, .least_height = kSide});
  image = resized(image, kSide);
  watermark(image);
  answer.set(http::field::content_type, "image/png");
  encode_png(image, answer.body());
}

/// Receives a form, and answers.
void answer_form(Connection& client, Answer& answer) {
  http::request_parser<StreamBody<SpooledIO>> parser;
  parser.body_limit(kMostOfForm);
  client.read_header(parser);
  auto& request = parser.get();
  const bool upload = request.target() == "/upload";
  if ((!upload && request.target() != "/thumbnail") || request.method() != http::verb::post) {
    throw Refusal(status::not_found, "nothing to do here");
  }
  const auto type_field = request[http::field::content_type];
  const std::string type(type_field.begin(), type_field.end());
  if (!boost::beast::iequals(type.substr(0, type.find_first_of("; ")), "multipart/form-data")) {
    throw Refusal(status::unsupported_media_type, "only forms with files");
  }
  SpooledIO& form = request.body();
  form = SpooledIO(SpooledOptions{.max_size = kInMemory, .size_limit = kMostOfForm});
  client.read_body(parser);
  const auto files = files_of(form.getvalue(), parameter(type, "boundary"), kMostFiles);
  if (!upload) return show_thumbnail(files, answer);
  show_files(files, form.rolled(), accepts(request, "gzip"), answer);
}

status status_of(const std::exception& error) {
  if (const auto* refusal = dynamic_cast<const Refusal*>(&error)) return refusal->status;
  if (dynamic_cast<const FormError*>(&error)) return status::bad_request;
  if (dynamic_cast<const ImageError*>(&error)) return status::unprocessable_entity;
  if (dynamic_cast<const std::length_error*>(&error)) return status::payload_too_large;
  if (dynamic_cast<const std::system_error*>(&error)) return status::insufficient_storage;
  return status::internal_server_error;
}

void serve(Connection& client, bool busy) try {
  Answer answer;
  try {
    client.allow(kMostTime, kMostSilence);
    if (busy) throw Refusal(status::service_unavailable, "too many clients");
    answer_form(client, answer);
  } catch (const std::exception& error) {
    answer = Answer(status_of(error), 11);
    answer.set(http::field::content_type, "text/plain");
    answer.body() = BytesIO(ByteSpan(std::string(error.what()) + "\n"));
  }
  answer.keep_alive(false);
  answer.prepare_payload();
  client.allow(kMostSilence, kMostSilence);  // whatever the form has taken
  client.write(answer);
  if (!busy) client.close();
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
  Listener listener(static_cast<unsigned short>(argc > 1 ? std::stoi(argv[1]) : 0));
  std::cout << listener.port() << std::endl;
  const std::jthread end([&] {
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    listener.stop();
  });
  listener.run(kMostClients, serve);
} catch (const std::exception& error) {
  std::cerr << error.what() << '\n';
  return EXIT_FAILURE;
}
