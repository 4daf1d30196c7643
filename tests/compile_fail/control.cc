// The control: proves that the other cases fail for their own reason, not for a missing header.
#include <string>
#include <vector>

#include "quire/quire.h"

void control(quire::BytesIO& stream, const std::string& text, const std::vector<std::byte>& data) {
  stream.write("literal");
  stream.write(text);
  stream.write(data);
}
