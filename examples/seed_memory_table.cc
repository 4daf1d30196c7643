// What each way to get 50 MiB out of a stream costs. read(), getbuffer() and getvalue() share the
// stream's memory; a copy is made by whoever asks for one, and by a write to bytes that somebody
// else can still see.

#include <string>

#include "quire/memory_report.h"
#include "quire/quire.h"

using quire::Bytes;
using quire::BytesIO;
using quire::MemoryReport;
using quire::MutableMemoryView;
using quire::Whence;

int main() {
  BytesIO f;
  {
    MemoryReport report("Creating BytesIO");
    const std::string chunk(1024 * 1024, 'X');
    for (int i = 0; i < 50; ++i) f.write(chunk);
    f.seek(0);
  }
  Bytes data;
  {
    MemoryReport report("BytesIO.read()");
    data = f.read();
  }
  data = Bytes();
  {
    MutableMemoryView view;
    {
      MemoryReport report("BytesIO.getbuffer()");
      view = f.getbuffer();
    }
    MemoryReport report("bytes(view)");
    data = Bytes(view);
  }
  data = Bytes();
  {
    MemoryReport report("BytesIO.getvalue()");
    data = f.getvalue();
  }
  {
    MemoryReport report("write at the end");
    f.seek(0, Whence::End);
    f.write("hello");
  }
  {
    MemoryReport report("write at the beginning");
    f.seek(0);
    f.write("hello");
  }
}
