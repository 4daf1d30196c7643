// The control: proves that the other cases fail for their own reason, not for a missing header.
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "quire/quire.h"

void control(quire::BytesIO& stream, const std::string& text, const std::vector<std::byte>& data) {
  stream.write("literal");
  stream.write(text);
  stream.write(data);
}

// What must compile, beside what must not.
void control_of_spans(quire::BytesIO& stream, std::span<unsigned char> room, char (&buffer)[8]) {
  stream.write(u8"a u8 literal");
  stream.write(std::string_view("view"));
  stream.write(std::array<unsigned char, 2>{1, 2});
  stream.write(quire::Bytes("explicit"));
  stream.write(stream.getvalue());
  stream.write(stream.getbuffer());
  stream.write(buffer);
  stream.readinto(room);
  stream.readinto(buffer);
  stream.readinto(stream.getbuffer());
}
