#include "demo/file_structure.h"

#include <bit>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "demo/crc32.h"

namespace demo {

namespace {

using quire::Bytes;
using quire::ByteSpan;
using quire::MemoryView;
using std::endian;

std::string text(const MemoryView& view) {
  return std::string(ByteSpan(view).as_chars());
}

std::string hex32(std::uint32_t value) {
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", value);
  return digits;
}

/// Reads of a file that may end anywhere: says what was cut off instead of where a read failed.
class Reader {
 public:
  Reader(MemoryView view, endian order) : view_(std::move(view)), order_(order) {}

  template <class T>
  T at(std::size_t offset, std::string_view what) const {
    need(offset, sizeof(T), what);
    return view_.read<T>(offset, order_);
  }

  MemoryView part(std::size_t offset, std::size_t size, std::string_view what) const {
    need(offset, size, what);
    return view_.slice(offset, offset + size);
  }

  std::size_t size() const { return view_.size(); }

 private:
  void need(std::size_t offset, std::size_t size, std::string_view what) const {
    if (offset <= view_.size() && size <= view_.size() - offset) return;
    throw BadFile("truncated: " + std::string(what) + " at offset " + std::to_string(offset) +
                  " needs " + std::to_string(size) + " bytes, the file has " +
                  std::to_string(offset < view_.size() ? view_.size() - offset : 0) + " there");
  }

  MemoryView view_;
  endian order_;
};

// --- JPEG (ITU T.81 annex B, Exif 2.3) -----------------------------------------------------------

constexpr std::uint8_t kStartOfScan = 0xDA;
constexpr std::uint8_t kEndOfImage = 0xD9;
constexpr std::uint8_t kComment = 0xFE;
constexpr std::size_t kExifHeader = 6;  // "Exif\0\0", then a TIFF file of its own
constexpr std::uint16_t kOrientationTag = 0x0112;

std::string segment_name(std::uint8_t marker) {
  if (marker >= 0xE0 && marker <= 0xEF) return "APP" + std::to_string(marker - 0xE0);
  if (marker == 0xDB) return "DQT";
  if (marker == 0xC4) return "DHT";
  if (marker == 0xDD) return "DRI";
  if (marker == kComment) return "COM";
  if (marker >= 0xC0 && marker <= 0xCF) return "SOF" + std::to_string(marker - 0xC0);
  return "marker " + hex32(marker).substr(6);
}

bool is_frame_header(std::uint8_t marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/// Where in the TIFF the orientation stands, and in which byte order.
struct Orientation {
  std::size_t offset;
  endian order;
  std::uint16_t value;
};

std::optional<Orientation> find_orientation(const MemoryView& tiff) {
  const endian order = tiff.startswith("MM") ? endian::big : endian::little;
  const Reader reader(tiff, order);
  const auto directory = reader.at<std::uint32_t>(4, "EXIF directory offset");
  const auto entries = reader.at<std::uint16_t>(directory, "EXIF directory");
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * 12;
    if (reader.at<std::uint16_t>(entry, "EXIF entry") == kOrientationTag) {
      return Orientation{entry + 8, order, reader.at<std::uint16_t>(entry + 8, "EXIF orientation")};
    }
  }
  return std::nullopt;
}

Bytes encoded(std::uint16_t value, endian order) {
  return quire::pack(order == endian::big ? ">H" : "<H", value);
}

FileStructure walk_jpeg(const MemoryView& file) {
  const Reader reader(file, endian::big);
  FileStructure jpeg{"JPEG", {{"SOI", 0, 2, ""}}, std::nullopt};
  std::size_t at = 2;
  while (true) {
    if (reader.at<std::uint8_t>(at, "marker") != 0xFF) {
      throw BadFile("no JPEG marker at offset " + std::to_string(at));
    }
    const auto marker = reader.at<std::uint8_t>(at + 1, "marker");
    const auto length = reader.at<std::uint16_t>(at + 2, "segment length");
    const MemoryView body = reader.part(at + 4, length < 2 ? 0 : length - 2U, "segment");
    Part part{segment_name(marker), at, length + 2U, ""};
    if (marker == 0xE1 && body.startswith(ByteSpan("Exif\0\0"))) {
      part.name += " Exif";
      if (const auto found = find_orientation(body.slice(kExifHeader))) {
        part.note = "orientation " + std::to_string(found->value);
        jpeg.edit = Edit{"orientation " + std::to_string(found->value) + " to 1",
                         at + 4 + kExifHeader + found->offset, encoded(1, found->order), false};
      }
    } else if (is_frame_header(marker)) {
      const Reader frame(body, endian::big);
      part.note = std::to_string(frame.at<std::uint16_t>(3, "frame width")) + " x " +
                  std::to_string(frame.at<std::uint16_t>(1, "frame height"));
    } else if (marker == kComment) {
      part.note = text(body);
    }
    at += length + 2U;
    if (marker != kStartOfScan) {
      jpeg.parts.push_back(std::move(part));
      continue;
    }
    // Inside the scan 0xFF is followed by 0 or a restart marker: anything else ends it.
    std::size_t end = at;
    while (true) {
      end = file.find(std::byte{0xFF}, end);
      if (end == quire::npos) {
        throw BadFile("truncated: the scan at offset " + std::to_string(at) +
                      " has no end-of-image marker");
      }
      const auto next = reader.at<std::uint8_t>(end + 1, "marker");
      if (next != 0 && next != 0xFF && (next < 0xD0 || next > 0xD7)) break;
      end += next == 0xFF ? 1 : 2;
    }
    jpeg.parts.push_back({"scan", part.offset, end - part.offset, ""});
    at = end;
    if (reader.at<std::uint8_t>(at + 1, "marker") == kEndOfImage) break;
  }
  jpeg.parts.push_back({"EOI", at, 2, ""});
  if (at + 2 < file.size()) jpeg.parts.push_back({"trailing", at + 2, file.size() - at - 2, ""});
  return jpeg;
}

// --- PNG (ISO 15948) -----------------------------------------------------------------------------

Bytes png_chunk(std::string_view type, ByteSpan body) {
  quire::BytesIO chunk;
  chunk.write(quire::pack(">I", body.size()));
  chunk.write(type);
  chunk.write(body);
  const auto crc = crc32(chunk.getvalue().slice(4));
  chunk.write(quire::pack(">I", crc));
  return chunk.getvalue();
}

FileStructure walk_png(const MemoryView& file) {
  const Reader reader(file, endian::big);
  FileStructure png{"PNG", {{"signature", 0, 8, ""}}, std::nullopt};
  std::size_t at = 8;
  std::string type;
  while (type != "IEND") {
    const auto length = reader.at<std::uint32_t>(at, "chunk length");
    type = text(reader.part(at + 4, 4, "chunk type"));
    const MemoryView body = reader.part(at + 8, length, "chunk " + type);
    const auto crc = reader.at<std::uint32_t>(at + 8 + length, "CRC of chunk " + type);
    const std::uint32_t actual = crc32(reader.part(at + 4, length + std::size_t{4}, "chunk"));
    if (crc != actual) {
      throw BadFile("chunk " + type + " at offset " + std::to_string(at) + " has CRC " +
                    hex32(actual) + " and says " + hex32(crc));
    }
    Part part{type, at, length + std::size_t{12}, "crc " + hex32(crc)};
    if (type == "IHDR") {
      const Reader header(body, endian::big);
      part.note = std::to_string(header.at<std::uint32_t>(0, "width")) + " x " +
                  std::to_string(header.at<std::uint32_t>(4, "height")) + ", " + part.note;
    } else if (type == "tEXt") {
      const std::size_t key_end = body.find(std::byte{0});
      if (key_end == quire::npos) throw BadFile("tEXt chunk without a key");
      part.note =
          text(body.slice(0, key_end)) + ": " + text(body.slice(key_end + 1)) + ", " + part.note;
    } else if (type == "IEND") {
      quire::BytesIO tail;
      tail.write(png_chunk("tEXt", "Comment\0walked by quire"));
      tail.write(png_chunk("IEND", ""));
      png.edit = Edit{"a comment before IEND", at, tail.getvalue(), true};
    }
    png.parts.push_back(std::move(part));
    at += length + std::size_t{12};
  }
  if (at < file.size()) png.parts.push_back({"trailing", at, file.size() - at, ""});
  return png;
}

// --- ZIP (APPNOTE 6.3) ---------------------------------------------------------------------------

constexpr std::uint32_t kCentralEntry = 0x02014b50;
constexpr std::uint32_t kLocalEntry = 0x04034b50;
constexpr std::size_t kEndSize = 22;
constexpr std::uint16_t kStored = 0;

std::size_t find_end_record(const MemoryView& file) {
  // A comment of up to 64 KiB may follow the record, so it is looked for from the back.
  const std::size_t tail = kEndSize + 0xFFFF;
  const std::size_t at = file.rfind("PK\x05\x06", file.size() > tail ? file.size() - tail : 0);
  if (at == quire::npos) {
    throw BadFile("truncated: no end-of-central-directory record in " +
                  std::to_string(file.size()) + " bytes");
  }
  return at;
}

FileStructure walk_zip(const MemoryView& file) {
  const Reader reader(file, endian::little);
  FileStructure zip{"ZIP", {}, std::nullopt};
  const std::size_t end = find_end_record(file);
  const auto entries = reader.at<std::uint16_t>(end + 10, "entry count");
  const auto comment_size = reader.at<std::uint16_t>(end + 20, "comment size");
  const std::string comment = text(reader.part(end + kEndSize, comment_size, "archive comment"));
  std::size_t at = reader.at<std::uint32_t>(end + 16, "directory offset");
  if (at == 0xFFFFFFFF) throw BadFile("a ZIP64 archive, which this demo does not read");
  const std::size_t directory = at;
  for (std::size_t i = 0; i < entries; ++i) {
    if (reader.at<std::uint32_t>(at, "directory entry") != kCentralEntry) {
      throw BadFile("no directory entry at offset " + std::to_string(at));
    }
    const auto method = reader.at<std::uint16_t>(at + 10, "method");
    const auto crc = reader.at<std::uint32_t>(at + 16, "CRC");
    const std::size_t packed = reader.at<std::uint32_t>(at + 20, "packed size");
    const auto size = reader.at<std::uint32_t>(at + 24, "size");
    const auto name_size = reader.at<std::uint16_t>(at + 28, "name size");
    const auto extra = reader.at<std::uint16_t>(at + 30, "extra size");
    const auto note = reader.at<std::uint16_t>(at + 32, "comment size");
    const std::size_t local = reader.at<std::uint32_t>(at + 42, "entry offset");
    const std::string name = text(reader.part(at + 46, name_size, "name"));
    if (reader.at<std::uint32_t>(local, "entry " + name) != kLocalEntry) {
      throw BadFile("entry " + name + " does not start at offset " + std::to_string(local));
    }
    const std::size_t data = local + 30 + reader.at<std::uint16_t>(local + 26, "name size") +
                             reader.at<std::uint16_t>(local + 28, "extra size");
    const MemoryView body = reader.part(data, packed, "entry " + name);
    if (method == kStored && crc32(body) != crc) {
      throw BadFile("entry " + name + " has CRC " + hex32(crc32(body)) + " and says " + hex32(crc));
    }
    zip.parts.push_back(
        {name, local, data + packed - local, std::to_string(size) + " bytes, crc " + hex32(crc)});
    at += std::size_t{46} + name_size + extra + note;
  }
  zip.parts.push_back(
      {"directory", directory, end - directory, std::to_string(entries) + " entries"});
  zip.parts.push_back({"end record", end, file.size() - end, comment});
  const std::string_view new_comment = "walked by quire";
  quire::BytesIO record;
  record.write(file.slice(end, end + 20));
  record.write(encoded(static_cast<std::uint16_t>(new_comment.size()), endian::little));
  record.write(new_comment);
  zip.edit = Edit{"the archive's comment", end, record.getvalue(), true};
  return zip;
}

}  // namespace

FileStructure walk(const MemoryView& file) {
  if (file.size() == 0) throw BadFile("the file is empty");
  if (file.startswith("\xFF\xD8")) return walk_jpeg(file);
  if (file.startswith("\x89PNG\r\n\x1A\n")) return walk_png(file);
  if (file.startswith("PK\x03\x04") || file.startswith("PK\x05\x06")) return walk_zip(file);
  throw BadFile("not a JPEG, PNG or ZIP file: it starts with " + file.slice(0, 8).hex(":"));
}

}  // namespace demo
