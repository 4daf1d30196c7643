// Ten megabytes off a file, but for the first kilobyte, on to another one: as a copied string, as a
// view, and as a slice, which shares memory by itself.

#include <iostream>
#include <string>

#include "quire/memory_report.h"
#include "quire/quire.h"

using quire::Bytes;
using quire::FileIO;
using quire::MemoryReport;
using quire::MemoryView;

int main() {
  FileIO source("/dev/urandom");
  FileIO target("/dev/null", "w");
  Bytes content;
  {
    MemoryReport report("content = source.read(1024 * 10000)");
    content = source.read(1024 * 10000);
  }
  {
    std::string content_to_write;
    {
      MemoryReport report("content.to_string().substr(1024)");
      content_to_write = content.to_string().substr(1024);
    }
    target.write(content_to_write);
  }
  {
    MemoryView content_to_write;
    {
      MemoryReport report("MemoryView(content).slice(1024)");
      content_to_write = MemoryView(content).slice(1024);
    }
    target.write(content_to_write);
  }
  {
    MemoryReport report("content.slice(1024)");
    target.write(content.slice(1024));
  }
  std::cout << "Content length: " << content.size() << ", content to write length "
            << content.slice(1024).size() << '\n';
}
