#include "quire/memory_report.h"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <mutex>
#include <utility>

#include "process_locks.h"
#include "quire/cached_memory.h"

namespace quire {

namespace {

/// Rounds half to even, as Python's round() does.
template <class Integer>
std::string mebibytes(Integer bytes) {
  return std::to_string(std::llrint(static_cast<double>(bytes) / (1 << 20)));
}

std::size_t growth(std::size_t from, std::size_t to) noexcept {
  return to > from ? to - from : 0;
}

}  // namespace

/// All reports alive. The kernel keeps one peak a process, so that whoever restarts it first hands
/// what it says to everybody else.
class MemoryReports {
 public:
  static void add(MemoryReport& report) {
    const std::lock_guard lock(detail::process_locks.reports);
    if (first_ != nullptr) note_peak(detail::read_process_memory());
    report.peak_is_kernels_ = detail::restart_resident_peak();
    report.start_ = detail::read_process_memory();
    report.ledger_ = process_ledger();
    report.next_ = std::exchange(first_, &report);
  }

  static void remove(const MemoryReport& report) noexcept {
    const std::lock_guard lock(detail::process_locks.reports);
    MemoryReport** link = &first_;
    while (*link != &report) link = &(*link)->next_;
    *link = report.next_;
  }

  static MemoryReport::Use measure(const MemoryReport& report) {
    const std::lock_guard lock(detail::process_locks.reports);
    const detail::ProcessMemory now = detail::read_process_memory();
    note_peak(now);
    return {static_cast<std::ptrdiff_t>(now.held() - report.start_.held()), report.peak_};
  }

 private:
  static void note_peak(const detail::ProcessMemory& now) noexcept {
    for (MemoryReport* report = first_; report != nullptr; report = report->next_) {
      report->note_peak(now);
    }
  }

  static constinit inline MemoryReport* first_ = nullptr;
};

MemoryReport::MemoryReport() : MemoryReport(std::string(), nullptr) {}

MemoryReport::MemoryReport(std::string action) : MemoryReport(std::move(action), &std::cout) {}

MemoryReport::MemoryReport(std::string action, std::ostream& out)
    : MemoryReport(std::move(action), &out) {}

MemoryReport::MemoryReport(std::string action, std::ostream* out)
    : action_(std::move(action)), out_(out) {
  MemoryReports::add(*this);
}

MemoryReport::~MemoryReport() {
  if (out_ != nullptr) {
    try {
      print(*out_);
    } catch (...) {  // a report is not worth the program
    }
  }
  MemoryReports::remove(*this);
}

std::ptrdiff_t MemoryReport::additional_bytes() const {
  return MemoryReports::measure(*this).additional;
}

std::size_t MemoryReport::peak_bytes() const {
  return MemoryReports::measure(*this).peak;
}

void MemoryReport::print(std::ostream& out) const {
  // All numbers before the text, which takes memory itself.
  const Use use = MemoryReports::measure(*this);
  const Ledger copies = ledger();
  std::string text;
  if (!action_.empty()) text += action_ + ":\n";
  text += "  Allocated additional " + mebibytes(use.additional) + " MiB\n";
  const std::string cached = mebibytes(cached_memory());
  if (cached != "0") text += "  Cached for reuse " + cached + " MiB\n";
  text += (peak_is_kernels_ ? "  Peak " : "  Peak at least ") + mebibytes(use.peak) +
          " MiB, copied " + mebibytes(copies.copied_total()) + " MiB";
  const char* separator = " (";
  for (std::size_t i = 0; i < kCopyReasons; ++i) {
    const std::string copied = mebibytes(copies.copied[i]);
    if (copied == "0") continue;
    text += separator + std::string(to_string(static_cast<CopyReason>(i))) + " " + copied + " MiB";
    separator = ", ";
  }
  text += *separator == ',' ? ")\n\n" : "\n\n";
  // Not <<: the stream's width and fill are not meant for this.
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

void MemoryReport::note_peak(const detail::ProcessMemory& now) noexcept {
  peak_ = std::max(peak_, growth(start_.held(), now.held()));
  // Where the peak cannot be restarted it is this scope's only if it has risen since.
  if (now.resident_peak <= start_.resident_peak) return;
  // Pages of files are no allocation, and those of memfds are counted by the file, once.
  const std::size_t files = growth(start_.resident_files, now.resident_files);
  const std::size_t most = growth(start_.resident, now.resident_peak);
  peak_ = std::max(peak_, growth(files, most) + growth(start_.shared, now.shared));
}

}  // namespace quire
