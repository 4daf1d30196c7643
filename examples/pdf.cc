// Two PDF documents become one, with a watermark on every page: by qpdf, all of it in memory.
//
//     pdf FIRST.pdf SECOND.pdf RESULT.pdf
//     pdf                                  tries it with two documents of examples/data
//
// The result is the first document with the pages of the second behind its own. What is encrypted, or cut, or
// has to be repaired before it can be shown is refused; what a page draws is copied and not looked at.
#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#define POINTERHOLDER_TRANSITION 4  // qpdf's pointers are std::shared_ptr

#include <qpdf/BufferInputSource.hh>
#include <qpdf/Pl_Function.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFWriter.hh>

#include "quire/quire.h"

using namespace quire;

namespace {

const std::string kData = QUIRE_SOURCE_DIR "/examples/data/";

/// Bytes that qpdf reads where they are. It keeps this until it has written what it took from the document,
/// and this keeps the bytes; the QPDF and the stream that they are from may be gone long before.
class BytesInput final : public BufferInputSource {
 public:
  BytesInput(const std::string& name, Bytes bytes)
      : BufferInputSource(name, new ::Buffer(memory(bytes), bytes.size()), true),
        bytes_(std::move(bytes)) {}

 private:
  /// qpdf knows no memory for reading only; it writes to none of this.
  static unsigned char* memory(const Bytes& bytes) {
    return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
  }

  Bytes bytes_;
};

struct Document {
  std::string name;
  BytesIO stream;
};

/// Throws what qpdf would only have warned of.
void refuse_damaged(QPDF& pdf) {
  for (const QPDFExc& warning : pdf.getWarnings()) throw warning;
}

/// Errors: QPDFExc and std::runtime_error; nearly all begin with the name of the document.
std::shared_ptr<QPDF> open(Document document) {
  std::shared_ptr<QPDF> pdf = QPDF::create();
  pdf->setAttemptRecovery(false);
  pdf->setSuppressWarnings(true);
  const Bytes bytes = document.stream.getvalue();  // shares the stream's memory
  pdf->processInputSource(std::make_shared<BytesInput>(document.name, bytes));
  if (pdf->isEncrypted()) throw std::runtime_error(document.name + ": it is encrypted");
  const std::size_t pages = pdf->getAllPages().size();
  refuse_damaged(*pdf);
  if (pdf->getRoot().getKey("/Pages").getKey("/Count").getUIntValue() != pages) {
    throw std::runtime_error(document.name + ": it has another number of pages than it says");
  }
  return pdf;
}

/// Writes the library's name across each page, pale and as large as the page allows.
void watermark(QPDF& pdf) {
  QPDFObjectHandle mark =
      pdf.newStream("/Pale gs BT /Bold 60 Tf .7071 .7071 -.7071 .7071 59 37 Tm (quire) Tj ET");
  mark.replaceDict(R"(<< /Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources <<
      /ExtGState << /Pale << /ca .25 >> >>
      /Font << /Bold << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >> >> >>)"_qpdf);
  const QPDFObjectHandle save = pdf.newStream("q\n");
  for (QPDFPageObjectHelper& page : QPDFPageDocumentHelper(pdf).getAllPages()) {
    QPDFObjectHandle resources = page.getAttribute("/Resources", true);
    if (!resources.isDictionary()) {
      resources = page.getObjectHandle().replaceKeyAndGetNew("/Resources", "<< >>"_qpdf);
    }
    resources.mergeResources("<< /XObject << >> >>"_qpdf);
    int suffix = 1;
    const std::string name = resources.getUniqueResourceName("/Watermark", suffix);
    resources.getKey("/XObject").replaceKey(name, mark);
    const auto area = page.getCropBox().getArrayAsRectangle();
    const std::string shown = page.placeFormXObject(mark, name, area, true, true, true);
    page.addPageContents(save, true);
    page.addPageContents(pdf.newStream("\nQ\n" + shown), false);
  }
}

BytesIO merge(Document first, Document second) {
  const std::shared_ptr<QPDF> whole = open(std::move(first));
  PDFVersion version(1, 4);  // the first one that knows what is pale
  {
    const std::shared_ptr<QPDF> other = open(std::move(second));
    version.updateIfGreater(other->getVersionAsPDFVersion());
    for (const QPDFPageObjectHelper& page : QPDFPageDocumentHelper(*other).getAllPages()) {
      QPDFPageDocumentHelper(*whole).addPage(page, false);
    }
    refuse_damaged(*other);
  }  // it is closed; write() takes what its pages draw from its bytes
  watermark(*whole);
  BytesIO result;
  Pl_Function output("result", nullptr, [&result](const unsigned char* data, std::size_t size) {
    result.write(ByteSpan(data, size));
  });
  QPDFWriter writer(*whole);
  writer.setOutputPipeline(&output);
  writer.setMinimumPDFVersion(version);
  writer.setDeterministicID(true);  // the same bytes for the same documents
  writer.write();
  refuse_damaged(*whole);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> paths(argv + 1, argv + argc);
  if (paths.empty()) paths = {kData + "letter.pdf", kData + "portrait.pdf", ""};
  try {
    if (paths.size() != 3) throw std::invalid_argument("give it FIRST.pdf SECOND.pdf RESULT.pdf");
    Document first{paths[0], BytesIO(Bytes::map_file(paths[0]))};
    Document second{paths[1], BytesIO(Bytes::map_file(paths[1]))};
    const Ledger before = thread_ledger();
    const BytesIO result = merge(std::move(first), std::move(second));
    const Ledger cost = thread_ledger() - before;
    const std::shared_ptr<QPDF> again = open({"the result", BytesIO(result.getvalue())});
    std::cout << "pages: " << again->getAllPages().size() << '\n'
              << "copied to read the documents: " << cost.copied_for(CopyReason::GetValue)
              << "\ncopied to write the result: " << cost.copied_for(CopyReason::Caller)
              << " bytes of " << result.size() << ", and as it grew "
              << cost.copied_for(CopyReason::Growth) << '\n';
    if (!paths[2].empty()) FileIO(paths[2], "x").write(result.getvalue());
  } catch (const std::exception& error) {
    std::cerr << "pdf: " << error.what() << '\n';
    return 1;
  }
}
