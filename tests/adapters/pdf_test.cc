// examples/pdf.cc as a user runs it: qpdf itself looks at what it makes, and at what it must refuse.
#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#define POINTERHOLDER_TRANSITION 4

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <qpdf/Buffer.hh>
#include <qpdf/Pl_String.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFJob.hh>
#include <qpdf/QPDFLogger.hh>
#include <qpdf/QPDFOutlineDocumentHelper.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFWriter.hh>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quire/detail/pages.h"
#include "quire/quire.h"

namespace quire {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kData = QUIRE_SOURCE_DIR "/examples/data/";
const std::string kLetter = kData + "letter.pdf";
const std::string kPortrait = kData + "portrait.pdf";

struct Ran {
  int status;
  std::string out;
  std::string err;
};

Bytes read_file(const std::string& path) {
  return Bytes::map_file(path);
}

class Pdf : public testing::Test {
 protected:
  Pdf() {
    std::string name = testing::TempDir() + "quire-pdf-XXXXXX";
    folder_ = mkdtemp(name.data());
  }

  ~Pdf() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }

  std::string file(const std::string& name, const Bytes& content) {
    FileIO(path(name), "w").write(content);
    return path(name);
  }

  /// A document that `draw` fills.
  std::string document(
      const std::string& name, const std::function<void(QPDF&)>& draw,
      const std::function<void(QPDFWriter&)>& set = [](QPDFWriter&) {}) {
    QPDF pdf;
    pdf.emptyPDF();
    draw(pdf);
    std::string result = path(name);  // qpdf keeps the pointer
    QPDFWriter writer(pdf, result.c_str());
    set(writer);
    writer.write();
    return result;
  }

  /// A document of one page with `count` pictures of 1 MiB that nothing makes smaller. Written a piece at
  /// a time: what this process has held counts as its children's, too.
  std::string document_of(std::size_t count) {
    FileIO out(path("large.pdf"), "w");
    std::vector<std::size_t> places;
    const auto object = [&](const std::string& text) {
      places.push_back(out.tell());
      out.write(std::to_string(places.size()) + " 0 obj\n" + text);
    };
    out.write("%PDF-1.4\n");
    object("<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n");
    std::string names;
    for (std::size_t i = 0; i < count; ++i) {
      names += "/Picture" + std::to_string(i) + " " + std::to_string(i + 4) + " 0 R\n";
    }
    object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99]\n/Resources << /XObject <<\n" +
           names + ">> >> >>\nendobj\n");
    const std::string picture(1 << 20, 'x');
    for (std::size_t i = 0; i < count; ++i) {
      object(
          "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /BitsPerComponent 8\n"
          "/ColorSpace /DeviceRGB /Filter /DCTDecode /Length 1048576 >>\nstream\n");
      out.write(picture);
      out.write("\nendstream\nendobj\n");
    }
    const std::size_t table = out.tell();
    const std::string size = std::to_string(places.size() + 1);
    out.write("xref\n0 " + size + "\n0000000000 65535 f \n");
    for (const std::size_t place : places) {
      const std::string number = std::to_string(place);
      out.write(std::string(10 - number.size(), '0') + number + " 00000 n \n");
    }
    out.write("trailer\n<< /Size " + size + " /Root 1 0 R >>\nstartxref\n" + std::to_string(table) +
              "\n%%EOF\n");
    out.close();
    return path("large.pdf");
  }

  /// The result is "result.pdf", a new one each time.
  Ran run(const std::string& first, const std::string& second) {
    std::filesystem::remove(path("result.pdf"));
    return run_program("'" + first + "' '" + second + "' '" + path("result.pdf") + "'");
  }

  Ran run_program(const std::string& arguments) {
    const std::string command =
        "'" PDF_PROGRAM "' " + arguments + " >'" + path("out") + "' 2>'" + path("err") + "'";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(path("out")).to_string(),
            read_file(path("err")).to_string()};
  }

  void expect_refused(const std::string& broken, const std::string& message) {
    for (const bool is_first : {true, false}) {
      const Ran ran = is_first ? run(broken, kPortrait) : run(kLetter, broken);
      EXPECT_EQ(ran.status, 1) << broken;
      EXPECT_THAT(ran.err, StartsWith("pdf: " + broken));
      EXPECT_THAT(ran.err, HasSubstr(message));
      EXPECT_EQ(ran.out, "");
      EXPECT_FALSE(std::filesystem::exists(path("result.pdf")));
    }
  }

 private:
  std::string folder_;
};

/// What `qpdf --check` says; it reads every object and decodes every stream.
std::string complaints(const std::string& path) {
  std::ostringstream said;
  const auto logger = QPDFLogger::create();
  logger->setOutputStreams(&said, &said);
  QPDFJob job;
  job.setLogger(logger);
  job.config()->inputFile(path)->check()->checkConfiguration();
  job.run();
  return job.getExitCode() == 0 ? "" : said.str();
}

std::string content_of(QPDFPageObjectHelper page) {
  std::string content;
  Pl_String target("content", nullptr, content);
  page.pipeContents(&target);
  return content;
}

QPDFPageObjectHelper add_page(QPDF& pdf, const std::string& page, const std::string& content) {
  QPDFObjectHandle object = pdf.makeIndirectObject(QPDFObjectHandle::parse(page));
  object.replaceKey("/Contents", pdf.newStream(content));
  pdf.addPage(object, false);
  return object;
}

/// Where the middle of the watermark comes to lie; its place is what stands before it, `q a b c d e f cm`.
std::array<double, 2> middle_of_mark(const std::string& content, const std::string& name) {
  const std::size_t begin = content.rfind("q\n", content.rfind(name + " Do"));
  std::istringstream numbers(content.substr(begin + 2));
  std::array<double, 6> m{};
  for (double& number : m) numbers >> number;
  EXPECT_TRUE(numbers) << content;
  return {100 * m[0] + 100 * m[2] + m[4], 100 * m[1] + 100 * m[3] + m[5]};
}

TEST_F(Pdf, EveryPageIsThereInOrderAndMarkedOnce) {
  const Ran ran = run(kLetter, kPortrait);
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(complaints(path("result.pdf")), "");

  QPDF pdf;
  pdf.processFile(path("result.pdf").c_str());
  std::vector<QPDFPageObjectHelper> pages = QPDFPageDocumentHelper(pdf).getAllPages();
  ASSERT_EQ(pages.size(), 3u);
  EXPECT_THAT(content_of(pages[0]), HasSubstr("(Dear Grace,) Tj"));
  EXPECT_THAT(content_of(pages[1]), HasSubstr("(The portrait is on the next page.) Tj"));
  EXPECT_THAT(content_of(pages[2]), HasSubstr("/Portrait Do"));
  const std::array<std::array<double, 2>, 3> middles = {{{210, 297.5}, {210, 297.5}, {187.5, 160}}};
  for (std::size_t i = 0; i < pages.size(); ++i) {
    const std::string content = content_of(pages[i]);
    const auto marks = pages[i].getFormXObjects();
    ASSERT_EQ(marks.size(), 1u) << i;
    const auto& [name, mark] = *marks.begin();
    EXPECT_THAT(content, HasSubstr(name + " Do")) << i;
    QPDFObjectHandle form = mark;
    const auto drawn = form.getStreamData();
    EXPECT_THAT(std::string(reinterpret_cast<const char*>(drawn->getBuffer()), drawn->getSize()),
                HasSubstr("(quire) Tj"));
    const auto middle = middle_of_mark(content, name);
    EXPECT_NEAR(middle[0], middles[i][0], 0.1) << i;
    EXPECT_NEAR(middle[1], middles[i][1], 0.1) << i;
  }
  EXPECT_EQ(pdf.getPDFVersion(), "1.5");
  EXPECT_EQ(QPDFOutlineDocumentHelper(pdf).getTopLevelOutlines().size(), 1u);
}

TEST_F(Pdf, APictureKeepsItsBytes) {
  ASSERT_EQ(run(kLetter, kPortrait).status, 0);
  std::array<std::shared_ptr<::Buffer>, 2> data;
  const std::array<std::string, 2> paths = {kPortrait, path("result.pdf")};
  for (std::size_t i = 0; i < 2; ++i) {
    QPDF pdf;
    pdf.processFile(paths[i].c_str());
    auto images = QPDFPageDocumentHelper(pdf).getAllPages().back().getImages();
    ASSERT_EQ(images.size(), 1u);
    data[i] = images.begin()->second.getRawStreamData();
  }
  ASSERT_GT(data[0]->getSize(), 1000u);
  EXPECT_EQ(ByteSpan(data[0]->getBuffer(), data[0]->getSize()),
            ByteSpan(data[1]->getBuffer(), data[1]->getSize()));
}

TEST_F(Pdf, CopiesEachByteOfTheResultOnceAndNoneOfTheDocuments) {
  const Ran ran = run(kLetter, kPortrait);
  const std::string size = std::to_string(std::filesystem::file_size(path("result.pdf")));
  EXPECT_THAT(ran.out, StartsWith("pages: 3\ncopied to read the documents: 0\n"
                                  "copied to write the result: " +
                                  size + " bytes of " + size));
  EXPECT_EQ(run_program("").out, ran.out);
}

// A second copy of the document would be 32 MiB more. qpdf itself holds a stream or two, of 1 MiB here.
TEST_F(Pdf, HoldsADocumentOnceAndTheResultOnce) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr bool kCounts = false;  // it keeps what is freed
#else
  constexpr bool kCounts = true;
#endif
  // Growing on the heap takes some more, 94 MiB in all.
  const bool counts = kCounts && detail::pages::available();
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  const std::string large = document_of(32);
  const Ran ran = run(large, kPortrait);
  ASSERT_EQ(ran.status, 0) << ran.err;
  EXPECT_GT(std::filesystem::file_size(path("result.pdf")), 32 * kMiB);
  rusage used{};
  ASSERT_EQ(getrusage(RUSAGE_CHILDREN, &used), 0);
  const std::size_t peak = static_cast<std::size_t>(used.ru_maxrss) * 1024;
  EXPECT_GT(peak, 64 * kMiB);
  if (counts) {
    EXPECT_LT(peak, (2 * 32 + 24) * kMiB);
  }
}

TEST_F(Pdf, APageWithoutResourcesIsMarkedToo) {
  const std::string bare = document("bare.pdf", [](QPDF& pdf) {
    add_page(pdf, "<< /Type /Page /MediaBox [0 0 200 100] /CropBox [100 0 200 100] >>", "");
  });
  ASSERT_EQ(run(bare, bare).status, 0);
  EXPECT_EQ(complaints(path("result.pdf")), "");
  QPDF pdf;
  pdf.processFile(path("result.pdf").c_str());
  const auto pages = QPDFPageDocumentHelper(pdf).getAllPages();
  ASSERT_EQ(pages.size(), 2u);
  for (QPDFPageObjectHelper page : pages) {
    ASSERT_EQ(page.getFormXObjects().size(), 1u);
    const auto middle = middle_of_mark(content_of(page), page.getFormXObjects().begin()->first);
    EXPECT_NEAR(middle[0], 150, 0.1);
    EXPECT_NEAR(middle[1], 50, 0.1);
  }
}

TEST_F(Pdf, MarkingTwiceMarksTwice) {
  ASSERT_EQ(run(kLetter, kPortrait).status, 0);
  std::filesystem::rename(path("result.pdf"), path("once.pdf"));
  ASSERT_EQ(run(path("once.pdf"), kLetter).status, 0);
  EXPECT_EQ(complaints(path("result.pdf")), "");
  QPDF pdf;
  pdf.processFile(path("result.pdf").c_str());
  std::vector<std::size_t> marks;
  for (QPDFPageObjectHelper& page : QPDFPageDocumentHelper(pdf).getAllPages()) {
    marks.push_back(page.getFormXObjects().size());
  }
  EXPECT_THAT(marks, testing::ElementsAre(2, 2, 2, 1, 1));
}

TEST_F(Pdf, TheSameDocumentsGiveTheSameBytes) {
  ASSERT_EQ(run(kLetter, kPortrait).status, 0);
  const Bytes once = read_file(path("result.pdf"));
  ASSERT_EQ(run(kLetter, kPortrait).status, 0);
  EXPECT_EQ(read_file(path("result.pdf")), once);
}

TEST_F(Pdf, WhatIsEncryptedIsRefused) {
  const auto draw = [](QPDF& pdf) { add_page(pdf, "<< /Type /Page >>", "(secret) Tj"); };
  const auto locked = [](const char* user) {
    return [user](QPDFWriter& writer) {
      writer.setR6EncryptionParameters(user, "owner", true, true, true, true, true, true,
                                       qpdf_r3p_full, true);
    };
  };
  expect_refused(document("locked.pdf", draw, locked("user")), "invalid password");
  expect_refused(document("limited.pdf", draw, locked("")), "it is encrypted");
}

TEST_F(Pdf, WhatIsNoDocumentIsRefused) {
  expect_refused(kData + "grace_hopper.jpg", "can't find");
  expect_refused(file("empty.pdf", Bytes()), "can't find");
  expect_refused(path("absent.pdf"), "No such file");
}

TEST_F(Pdf, WhatIsCutIsRefusedWhereverItIsCut) {
  for (const std::string& whole : {kLetter, kPortrait}) {
    const Bytes bytes = read_file(whole);
    // Without "%%EOF" everything else is still there.
    const auto end = static_cast<std::ptrdiff_t>(bytes.rfind("\n%%EOF"));
    EXPECT_EQ(run(file("all.pdf", bytes.slice(0, end)), kPortrait).status, 0);
    for (std::ptrdiff_t size = end - 1; size > 0; size -= end / 8) {
      expect_refused(file("cut.pdf", bytes.slice(0, size)),
                     size == end - 1 ? "xref not found" : "can't find startxref");
    }
  }
}

TEST_F(Pdf, WhatHasToBeRepairedIsRefused) {
  const Bytes bytes = read_file(kPortrait);
  const auto with = [&](const Bytes& found, const Bytes& put) {
    EXPECT_EQ(bytes.count(found), 1u) << found;
    return file("broken.pdf", bytes.replace(found, put));
  };
  expect_refused(with("/Length 1865"_b, "/Length 1805"_b), "expected endstream");
  expect_refused(with("/Type /Pages"_b, "/Tipe /Pages"_b), "/Type");
  expect_refused(with("/Kids [3 0 R]"_b, "/Kids [3 0 Q]"_b), "unknown token");
  expect_refused(with("/Count 1"_b, "/Count 2"_b), "another number of pages");
  expect_refused(with("5 0 obj"_b, "6 0 obj"_b), "expected 5 0 obj");
  expect_refused(with("xref\n0 6"_b, "xrof\n0 6"_b), "xref");
}

TEST_F(Pdf, ChangedBytesNeverCrashIt) {
  const Bytes bytes = read_file(kPortrait);
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    BytesIO changed(bytes);
    changed.getbuffer()[at] ^= std::byte{0x15};
    const Ran ran = run(kLetter, file("changed.pdf", changed.getvalue()));
    EXPECT_TRUE(ran.status == 0 || ran.status == 1) << at << ": " << ran.status;
    const std::string complaint = ran.status == 0 ? "" : "pdf: " + path("changed.pdf");
    EXPECT_THAT(ran.err, StartsWith(complaint)) << at;
  }
}

TEST_F(Pdf, AFileThatIsThereIsNotWrittenOver) {
  const std::string result = file("result.pdf", "mine"_b);
  const Ran ran = run_program("'" + kLetter + "' '" + kPortrait + "' '" + result + "'");
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("File exists"));
  EXPECT_EQ(read_file(result), "mine"_b);
}

}  // namespace
}  // namespace quire
