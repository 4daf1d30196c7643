// Transfers to and from an HTTP server in earnest: http_server.py, in a process of its own.
#include "quire/adapters/curl.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <gtest/gtest.h>

#include "adapters/support/filter_properties.h"
#include "adapters/support/http_server.h"
#include "quire/adapters/gtest.h"
#include "quire/adapters/hash.h"
#include "quire/bytes_io.h"
#include "quire/file_io.h"
#include "quire/spooled_io.h"
#include "support/temp_directory.h"
#include "support/test_stream.h"

namespace quire {
namespace {

using std::string;
using test::message_of;
using test::pattern;
using test::random_bytes;
using test::TestStream;
using test::text;

static_assert(!std::is_copy_constructible_v<CurlTransfer>);
static_assert(std::is_nothrow_move_constructible_v<CurlTransfer>);
static_assert(std::is_nothrow_move_assignable_v<CurlTransfer>);

const test::HttpServer& server() {
  static const test::HttpServer server;
  return server;
}

using Easy = std::unique_ptr<CURL, void (*)(CURL*)>;

Easy easy(const string& path) {
  Easy handle(curl_easy_init(), curl_easy_cleanup);
  curl_easy_setopt(handle.get(), CURLOPT_URL, server().url(path).c_str());
  curl_easy_setopt(handle.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(handle.get(), CURLOPT_TIMEOUT, 20L);
  return handle;
}

long status(const Easy& handle) {
  long code = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &code);
  return code;
}

string sha256(ByteSpan data) {
  return Sha256::digest_of(data).hex();
}

TEST(CurlTransfer, DownloadsIntoAnyStream) {
  const string data = [] {
    const Easy handle = easy("/bytes/300000");
    string all;
    curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, &all);
    curl_easy_setopt(
        handle.get(), CURLOPT_WRITEFUNCTION,
        +[](char* piece, std::size_t, std::size_t size, void* to) {
          static_cast<string*>(to)->append(piece, size);
          return size;
        });
    curl_easy_perform(handle.get());
    return all;
  }();
  ASSERT_EQ(data.size(), 300'000U);
  const test::TempDirectory directory;
  const std::vector<std::pair<string, std::function<std::unique_ptr<Stream>()>>> targets = {
      {"BytesIO", [] { return std::make_unique<BytesIO>(); }},
      {"SpooledIO",
       [] { return std::make_unique<SpooledIO>(SpooledOptions{.max_size = 100'000}); }},
      {"FileIO", [&] { return std::make_unique<FileIO>(directory.file("file"), "w+"); }},
  };
  for (const string path : {"/bytes/300000", "/chunked/300000"}) {
    for (const auto& [name, make] : targets) {
      const Easy handle = easy(path);
      CurlTransfer transfer(handle.get());
      const std::unique_ptr<Stream> target = make();
      target->write("before");
      transfer.download_to(*target);
      transfer.perform();
      EXPECT_EQ(transfer.received(), data.size());
      target->seek(0);
      EXPECT_TRUE(target->read() == ByteSpan("before" + data)) << path << ", " << name;
    }
  }
}

TEST(CurlTransfer, UploadsWhatIsLeftOfAnyStream) {
  const string data = random_bytes(700'000);
  const test::TempDirectory directory;
  const string path = directory.make("file", data);
  const std::vector<std::pair<string, std::function<std::unique_ptr<Stream>()>>> sources = {
      {"BytesIO", [&] { return std::make_unique<BytesIO>(Bytes(data)); }},
      {"SpooledIO",
       [&] { return std::make_unique<SpooledIO>(Bytes(data), SpooledOptions{.max_size = 10}); }},
      {"FileIO", [&] { return std::make_unique<FileIO>(path); }},
      {"little by little",
       [&] {
         return std::make_unique<TestStream>(data,
                                             TestStream::Options{.most_a_call = 999, .log = false});
       }},
      {"a filter, whose size nobody knows",
       [&] { return std::make_unique<HashStream<Crc32>>(BytesIO(Bytes(data))); }},
  };
  for (const auto& [name, make] : sources) {
    const Easy handle = easy("/sha256");
    CurlTransfer transfer(handle.get());
    std::unique_ptr<Stream> source = make();
    EXPECT_EQ(source->read(100).size(), 100U);
    transfer.upload_from(std::move(source));
    BytesIO answer;
    transfer.download_to(answer);
    transfer.perform();
    EXPECT_EQ(text(answer.getvalue()), sha256(data.substr(100))) << name;
  }
}

TEST(CurlTransfer, UploadsAsMuchAsItIsTold) {
  const Easy handle = easy("/echo");
  CurlTransfer transfer(handle.get());
  BytesIO source(Bytes("0123456789"));
  source.seek(2);
  transfer.upload_from(source, 5);
  BytesIO answer;
  transfer.download_to(answer);
  transfer.perform();
  EXPECT_EQ(text(answer.getvalue()), "23456");
  EXPECT_EQ(source.tell(), 7U);
}

TEST(CurlTransfer, AnEmptyUploadIsOne) {
  const Easy handle = easy("/sha256");
  CurlTransfer transfer(handle.get());
  transfer.upload_from(BytesIO());
  BytesIO answer;
  transfer.download_to(answer);
  transfer.perform();
  EXPECT_EQ(text(answer.getvalue()), sha256(""));
}

// --- sending it again ------------------------------------------------------------------------------

TEST(CurlTransfer, RewindsForARedirect) {
  const string data = random_bytes(200'000);
  const Easy handle = easy("/redirect");
  curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 1L);
  CurlTransfer transfer(handle.get());
  BytesIO source(Bytes("head" + data));
  source.seek(4);
  transfer.upload_from(source);
  BytesIO answer;
  transfer.download_to(answer);
  transfer.perform();
  EXPECT_TRUE(answer.getvalue() == ByteSpan(data)) << "and nothing of the page of the redirect";
  EXPECT_GE(transfer.rewinds(), 1U);
}

TEST(CurlTransfer, RewindsForAuthentication) {
  const string data = random_bytes(200'000);
  const Easy handle = easy("/digest");
  curl_easy_setopt(handle.get(), CURLOPT_HTTPAUTH, CURLAUTH_ANY);
  curl_easy_setopt(handle.get(), CURLOPT_USERPWD, "user:password");
  CurlTransfer transfer(handle.get());
  transfer.upload_from(BytesIO(Bytes(data)));
  BytesIO answer;
  transfer.download_to(answer);
  transfer.perform();
  EXPECT_TRUE(answer.getvalue() == ByteSpan(data));
  EXPECT_EQ(status(handle), 200);
  EXPECT_GE(transfer.rewinds(), 1U);
}

TEST(CurlTransfer, RewindsOnAConnectionThatIsDead) {
  const string data = random_bytes(100'000);  // what the server takes before it hangs up
  // With "100 Continue", the server would have answered: libcurl does not try again then.
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, "Expect:"), curl_slist_free_all);
  const Easy handle = easy("/sha256");
  curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
  CurlTransfer transfer(handle.get());
  BytesIO source(Bytes("head" + data));
  source.seek(4);
  transfer.upload_from(source);
  BytesIO answer;
  transfer.download_to(answer);
  transfer.perform();
  EXPECT_EQ(transfer.rewinds(), 0U);
  curl_easy_setopt(handle.get(), CURLOPT_URL, server().url("/drop/1").c_str());
  transfer.perform();
  EXPECT_EQ(text(answer.getvalue()), sha256(data));
  EXPECT_GE(transfer.rewinds(), 1U);
}

TEST(CurlTransfer, WhatCannotSeekCannotBeSentTwice) {
  const Easy handle = easy("/redirect");
  curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 1L);
  CurlTransfer transfer(handle.get());
  transfer.upload_from(HashStream<Crc32>(BytesIO(Bytes(pattern(1000)))));
  BytesIO answer;
  transfer.download_to(answer);
  try {
    transfer.perform();
    FAIL();
  } catch (const CurlError& error) {
    EXPECT_EQ(error.code(), CURLE_SEND_FAIL_REWIND) << error.what();
  }
}

TEST(CurlTransfer, IsDoneAgainFromTheBeginning) {
  const string data = random_bytes(100'000);
  const Easy handle = easy("/busy/2");
  CurlTransfer transfer(handle.get());
  BytesIO source{Bytes(data)};
  transfer.upload_from(source);
  BytesIO answer(Bytes("head"));
  answer.seek(0, Whence::End);
  transfer.download_to(answer);
  int attempts = 0;
  do {
    transfer.perform();
    ++attempts;
  } while (status(handle) == 503);
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(text(answer.getvalue()), "head" + sha256(data));

  curl_easy_setopt(handle.get(), CURLOPT_URL, server().url("/status/404").c_str());
  transfer.perform();
  EXPECT_EQ(text(answer.getvalue()), "heada page about it") << "nothing is left of a longer answer";
}

// --- forms -----------------------------------------------------------------------------------------

TEST(CurlTransfer, SendsStreamsAsPartsOfAForm) {
  const string data = random_bytes(300'000);
  for (const string path : {"/form", "/redirect"}) {
    const Easy handle = easy(path);
    curl_easy_setopt(handle.get(), CURLOPT_FOLLOWLOCATION, 1L);
    CurlTransfer transfer(handle.get());
    BytesIO first{Bytes(data)};
    first.seek(10);
    const std::unique_ptr<curl_mime, void (*)(curl_mime*)> form(curl_mime_init(handle.get()),
                                                                curl_mime_free);
    curl_mimepart* part = curl_mime_addpart(form.get());
    curl_mime_name(part, "first");
    curl_mime_filename(part, "a.bin");
    transfer.send_part(part, first);
    part = curl_mime_addpart(form.get());
    curl_mime_name(part, "second");
    transfer.send_part(part, BytesIO(Bytes("owned")));
    curl_easy_setopt(handle.get(), CURLOPT_MIMEPOST, form.get());
    BytesIO answer;
    transfer.download_to(answer);
    transfer.perform();
    if (path == "/form") {
      EXPECT_EQ(text(answer.getvalue()), "first a.bin 299990 " + sha256(data.substr(10)) +
                                             "\nsecond None 5 " + sha256("owned") + "\n");
    } else {
      EXPECT_NE(answer.find(data.substr(10)), npos) << "sent twice";
    }
  }
}

// --- progress and limits ---------------------------------------------------------------------------

TEST(CurlTransfer, TellsHowFarItIsAndCanBeEnded) {
  const Easy handle = easy("/sha256");
  CurlTransfer transfer(handle.get());
  transfer.upload_from(BytesIO(Bytes(random_bytes(500'000))));
  BytesIO answer;
  transfer.download_to(answer);
  CurlProgress last;
  transfer.on_progress([&](const CurlProgress& progress) {
    EXPECT_GE(progress.uploaded, last.uploaded);
    last = progress;
    return true;
  });
  transfer.perform();
  EXPECT_EQ(last.uploaded, 500'000U);
  EXPECT_EQ(last.upload_total, 500'000U);
  EXPECT_EQ(last.downloaded, 64U);

  transfer.on_progress([](const CurlProgress& progress) { return progress.uploaded < 1000; });
  try {
    transfer.perform();
    FAIL();
  } catch (const CurlError& error) {
    EXPECT_EQ(error.code(), CURLE_ABORTED_BY_CALLBACK);
  }
  transfer.on_progress(
      [](const CurlProgress&) -> bool { throw std::out_of_range("from a report"); });
  EXPECT_EQ(message_of<std::out_of_range>([&] { transfer.perform(); }), "from a report");
  transfer.on_progress(nullptr);
  transfer.perform();
}

TEST(CurlTransfer, TakesNoMoreThanItMay) {
  for (const string path : {"/bytes/1000", "/chunked/1000"}) {
    for (const std::size_t most : {0U, 1U, 999U, 1000U, 1001U}) {
      const Easy handle = easy(path);
      CurlTransfer transfer(handle.get());
      BytesIO answer;
      transfer.download_to(answer, most);
      if (most >= 1000) {
        transfer.perform();
        EXPECT_EQ(answer.size(), 1000U);
      } else {
        try {
          transfer.perform();
          FAIL();
        } catch (const CurlLimitError& error) {
          EXPECT_EQ(error.what(), "more than " + std::to_string(most) + " bytes to download");
          const bool told = path == "/bytes/1000" && most != 0;  // to libcurl 0 is no limit
          EXPECT_EQ(error.code(), told ? CURLE_FILESIZE_EXCEEDED : CURLE_WRITE_ERROR);
        }
        EXPECT_LE(answer.size(), most) << path;
      }
    }
  }
  // In many pieces, none of which is more than the limit.
  const Easy handle = easy("/chunked/1000000");
  CurlTransfer transfer(handle.get());
  BytesIO answer;
  transfer.download_to(answer, 500'000);
  EXPECT_THROW(transfer.perform(), CurlLimitError);
  EXPECT_LE(answer.size(), 500'000U);
}

// --- failures --------------------------------------------------------------------------------------

TEST(CurlTransfer, WhatAStreamThrowsIsThrown) {
  const Easy handle = easy("/bytes/100000");
  CurlTransfer transfer(handle.get());
  transfer.download_to(TestStream("", {.fail_write_at = 20'000, .log = false}));
  EXPECT_THROW(transfer.perform(), std::system_error);

  transfer.download_to(BytesIO(StorageOptions{.size_limit = 50'000}));
  EXPECT_THROW(transfer.perform(), std::length_error);

  std::array<std::byte, 100> memory{};
  transfer.download_to(BytesIO::over(memory, WhenFull::Short));
  try {
    transfer.perform();
    FAIL() << "a target that takes no more";
  } catch (const CurlError& error) {
    EXPECT_EQ(error.code(), CURLE_WRITE_ERROR);
  }

  BytesIO closed;
  transfer.download_to(closed);
  closed.close();
  EXPECT_THROW(transfer.perform(), ClosedError);

  BytesIO answer;
  const Easy other = easy("/sha256");
  CurlTransfer upload(other.get());
  upload.download_to(answer);
  upload.upload_from(TestStream(pattern(100'000), {.fail_read_at = 70'000, .log = false}));
  EXPECT_THROW(upload.perform(), std::system_error);
}

// libcurl would wait for an answer for ever, and the server for the rest.
TEST(CurlTransfer, ASourceThatEndsTooSoonIsAnError) {
  const Easy handle = easy("/sha256");
  CurlTransfer transfer(handle.get());
  BytesIO source(Bytes(pattern(1000)));
  transfer.upload_from(source);
  source.truncate(600);
  EXPECT_EQ(message_of<CurlError>([&] { transfer.perform(); }),
            "the stream ended after 600 of 1000 bytes");
}

TEST(CurlTransfer, SaysWhatLibcurlSays) {
  Easy handle = easy("/cut/1000");
  {
    CurlTransfer transfer(handle.get());
    BytesIO answer;
    transfer.download_to(answer);
    try {
      transfer.perform();
      FAIL();
    } catch (const CurlError& error) {
      EXPECT_EQ(error.code(), CURLE_PARTIAL_FILE);
      EXPECT_NE(string(error.what()).find("1 bytes remaining"), string::npos) << error.what();
    }
    EXPECT_EQ(answer.size(), 999U) << "what came is there";
  }
  handle = easy("/status/404");
  CurlTransfer transfer(handle.get());
  BytesIO answer;
  transfer.download_to(answer);
  transfer.perform();
  EXPECT_EQ(text(answer.getvalue()), "a page about it");
  curl_easy_setopt(handle.get(), CURLOPT_FAILONERROR, 1L);
  EXPECT_EQ(message_of<CurlError>([&] { transfer.perform(); }),
            "The requested URL returned error: 404");
  curl_easy_setopt(handle.get(), CURLOPT_URL, "http://127.0.0.1:1/");
  EXPECT_THROW(transfer.perform(), CurlError);
  EXPECT_THROW(CurlTransfer(nullptr), std::invalid_argument);
}

TEST(CurlTransfer, TakesItsOptionsBack) {
  const Easy handle = easy("/echo");
  BytesIO answer;
  {
    CurlTransfer transfer(handle.get());
    transfer.upload_from(BytesIO(Bytes("abc")));
    transfer.download_to(answer, 3);
    transfer.on_progress([](const CurlProgress&) { return true; });
    CurlTransfer moved(std::move(transfer));
    moved.perform();
    EXPECT_EQ(text(answer.getvalue()), "abc");
  }
  BytesIO page;
  CurlTransfer transfer(handle.get());
  transfer.download_to(page);
  transfer.perform();
  EXPECT_EQ(page.size(), 0U) << "a GET, with nothing to echo";
}

// The functions were taken back, and for their data libcurl got null: the next transfer on the handle
// wrote its answer to a null FILE. The size of the upload stayed as it was.
TEST(CurlTransfer, LeavesWhatItHasSetAsLibcurlHasItAtFirst) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> meter(std::tmpfile(), std::fclose);
  const Easy handle = easy("/echo");
  int reports = 0;
  {
    CurlTransfer transfer(handle.get());
    transfer.upload_from(BytesIO(Bytes("abc")));
    BytesIO answer;
    transfer.download_to(answer, 3);
    transfer.on_progress([&](const CurlProgress&) {
      ++reports;
      return true;
    });
    transfer.perform();
    EXPECT_GT(reports, 0);
  }
  reports = 0;
  curl_easy_setopt(handle.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle.get(), CURLOPT_STDERR, meter.get());
  curl_easy_setopt(handle.get(), CURLOPT_URL, server().url("/bytes/1000").c_str());
  testing::internal::CaptureStdout();
  EXPECT_EQ(curl_easy_perform(handle.get()), CURLE_OK) << "nothing limits its size";
  EXPECT_EQ(testing::internal::GetCapturedStdout().size(), 1000U);
  EXPECT_EQ(reports, 0);

  const test::TempDirectory directory;
  const string input = directory.make("input", "from standard input");
  ASSERT_NE(std::freopen(input.c_str(), "r", stdin), nullptr);
  curl_easy_setopt(handle.get(), CURLOPT_URL, server().url("/echo").c_str());
  curl_easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
  testing::internal::CaptureStdout();
  EXPECT_EQ(curl_easy_perform(handle.get()), CURLE_OK);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "from standard input");

  // What libcurl says has nowhere to go: a sanitizer sees whether it goes to what the transfer had.
  curl_easy_setopt(handle.get(), CURLOPT_URL, "http://127.0.0.1:1/");
  EXPECT_EQ(curl_easy_perform(handle.get()), CURLE_COULDNT_CONNECT);
}

// The function of a report stayed in the handle when there was none any more: whoever asked libcurl for
// its own meter then had std::bad_function_call thrown, or it was called with memory that was freed.
TEST(CurlTransfer, AReportCanBeTakenBack) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> meter(std::tmpfile(), std::fclose);
  const Easy handle = easy("/bytes/1000");
  CurlTransfer transfer(handle.get());
  BytesIO answer;
  transfer.download_to(answer);
  transfer.on_progress([](const CurlProgress&) { return false; });
  transfer.on_progress(nullptr);
  curl_easy_setopt(handle.get(), CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle.get(), CURLOPT_STDERR, meter.get());
  transfer.perform();
  EXPECT_EQ(answer.size(), 1000U);
}

// A part counted its rewinds in the transfer's memory, and a form outlived that.
TEST(CurlTransfer, AFormMayOutliveIt) {
  const Easy handle = easy("/form");
  const std::unique_ptr<curl_mime, void (*)(curl_mime*)> form(curl_mime_init(handle.get()),
                                                              curl_mime_free);
  {
    CurlTransfer transfer(handle.get());
    curl_mimepart* const part = curl_mime_addpart(form.get());
    curl_mime_name(part, "part");
    transfer.send_part(part, BytesIO(Bytes("of a form")));
    curl_easy_setopt(handle.get(), CURLOPT_MIMEPOST, form.get());
    BytesIO answer;
    transfer.download_to(answer);
    transfer.perform();
  }
  testing::internal::CaptureStdout();
  EXPECT_EQ(curl_easy_perform(handle.get()), CURLE_OK);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "part None 9 " + sha256("of a form") + "\n");
}

TEST(CurlTransfer, WorksByCurlsMultiInterface) {
  const std::unique_ptr<CURLM, CURLMcode (*)(CURLM*)> multi(curl_multi_init(), curl_multi_cleanup);
  std::vector<Easy> handles;
  std::vector<CurlTransfer> transfers;
  std::vector<BytesIO> answers(8);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    handles.push_back(easy("/bytes/" + std::to_string(i * 20'000)));
    transfers.emplace_back(handles[i].get());
    transfers[i].download_to(answers[i], 100'000);
    transfers[i].begin();
    curl_multi_add_handle(multi.get(), handles[i].get());
  }
  int running = 1;
  while (running != 0) {
    ASSERT_EQ(curl_multi_perform(multi.get(), &running), CURLM_OK);
    curl_multi_poll(multi.get(), nullptr, 0, 100, nullptr);
  }
  int left = 0;
  int refused = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi.get(), &left)) {
    const auto found = std::find_if(handles.begin(), handles.end(), [&](const Easy& handle) {
      return handle.get() == message->easy_handle;
    });
    const auto i = static_cast<std::size_t>(found - handles.begin());
    try {
      transfers[i].check(message->data.result);
      EXPECT_EQ(answers[i].size(), i * 20'000);
    } catch (const CurlLimitError&) {
      EXPECT_GT(i * 20'000, 100'000U);
      ++refused;
    }
    curl_multi_remove_handle(multi.get(), message->easy_handle);
  }
  EXPECT_EQ(refused, 2);
}

}  // namespace
}  // namespace quire
