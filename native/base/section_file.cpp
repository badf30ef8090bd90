#include "base/section_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/xxh64.h"

static_assert(std::endian::native == std::endian::little, "sections are used as the file has them: little-endian");

namespace w2v {

namespace {

// As PNG's: no text begins so, and what changes line ends changes it.
constexpr char magic[8] = {'\x89', 'w', '2', 'v', '\r', '\n', '\x1a', '\n'};
constexpr size_t page = 4096;
// Sections are checked in pieces, each with the checksum of the one before as its seed: so it can be computed while a
// section is written.
constexpr size_t checksum_piece = 4 << 20;

struct Header {
  char magic[8];
  uint32_t version;
  uint32_t sections;
  char kind[16];  // filled up with zeros
  uint64_t numbers[8];
};
static_assert(sizeof(Header) == 96);

struct TableEntry {
  char name[16];  // filled up with zeros
  uint64_t offset;
  uint64_t bytes;
  uint64_t checksum;
};
static_assert(sizeof(TableEntry) == 40);

// The header and the table of sections are followed by the checksum of both, all within the first page.
constexpr size_t most_sections = (page - sizeof(Header) - sizeof(uint64_t)) / sizeof(TableEntry);

std::string text_of(const char (&padded)[16]) { return {padded, strnlen(padded, sizeof padded)}; }

}  // namespace

bool SectionFile::is_one(std::string_view bytes) { return bytes.starts_with(std::string_view(magic, sizeof magic)); }

std::string SectionFile::kind_of(std::string_view bytes) {
  Header header;
  if (!is_one(bytes) || bytes.size() < sizeof header) return "";
  std::memcpy(&header, bytes.data(), sizeof header);
  return text_of(header.kind);
}

SectionFile::SectionFile(std::string_view bytes, std::string path, std::string_view kind, uint32_t version)
    : path_(std::move(path)) {
  const auto truncated = [&](const std::string& what, uint64_t needed, uint64_t from) {
    return Error(code::vector_truncated, "'" + path_ + "' is truncated: " + what + " needs " + std::to_string(needed) +
                                             " bytes from byte " + std::to_string(from) + " on, but the file has " +
                                             std::to_string(bytes.size()) + " bytes");
  };
  Header header;
  if (!is_one(bytes))
    throw format_error("expected a file of the kind '" + std::string(kind) + "' but received another format");
  if (bytes.size() < sizeof header) throw truncated("the header", sizeof header, 0);
  std::memcpy(&header, bytes.data(), sizeof header);
  if (text_of(header.kind) != kind)
    throw format_error("expected a file of the kind '" + std::string(kind) + "' but received '" + text_of(header.kind) +
                       "'");
  if (header.version != version)
    throw format_error("expected version " + std::to_string(version) + " of the kind '" + std::string(kind) +
                       "' but received version " + std::to_string(header.version));
  if (header.sections > most_sections)
    throw format_error("expected at most " + std::to_string(most_sections) + " sections but the header says " +
                       std::to_string(header.sections));
  const size_t table_end = sizeof header + header.sections * sizeof(TableEntry);
  if (bytes.size() < table_end + sizeof(uint64_t)) throw truncated("the header", table_end + sizeof(uint64_t), 0);
  uint64_t checksum;
  std::memcpy(&checksum, bytes.data() + table_end, sizeof checksum);
  if (checksum != xxh64(bytes.data(), table_end)) throw format_error("the header does not match its checksum");

  std::copy(std::begin(header.numbers), std::end(header.numbers), numbers_.begin());
  for (size_t i = 0; i < header.sections; ++i) {
    TableEntry entry;
    std::memcpy(&entry, bytes.data() + sizeof header + i * sizeof entry, sizeof entry);
    const std::string name = text_of(entry.name);
    if (entry.offset % page != 0)
      throw format_error("expected the section '" + name + "' at a multiple of " + std::to_string(page) +
                         " but it is at byte " + std::to_string(entry.offset));
    if (entry.offset > bytes.size() || entry.bytes > bytes.size() - entry.offset)
      throw truncated("the section '" + name + "'", entry.bytes, entry.offset);
    if (has(name)) throw format_error("expected each section once but '" + name + "' comes twice");
    sections_.push_back({name, bytes.substr(entry.offset, entry.bytes), entry.checksum});
  }
}

const SectionFile::Section* SectionFile::find(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const Section& s) { return s.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

const SectionFile::Section& SectionFile::section(std::string_view name) const {
  const Section* found = find(name);
  if (found == nullptr) throw format_error("expected a section '" + std::string(name) + "' but there is none");
  return *found;
}

Error SectionFile::format_error(const std::string& expected_and_received) const {
  return Error(code::vector_format, "'" + path_ + "': " + expected_and_received);
}

Error SectionFile::wrong_size(std::string_view name, const std::string& expected) const {
  return format_error("expected the section '" + std::string(name) + "' to have " + expected + " bytes but it has " +
                      std::to_string(section(name).bytes.size()));
}

namespace {

// Calls f(piece) for each piece of the section that its checksum is chained over, and compares that of what f gives.
template <class F>
void check_pieces(const SectionFile::Section& section, const std::string& path, TaskControl& control, F&& f) {
  uint64_t found = 0;
  for (std::string_view left = section.bytes; !left.empty();) {
    control.check_cancelled();
    const std::string_view piece = left.substr(0, checksum_piece);
    found = xxh64(f(piece), piece.size(), found);
    left.remove_prefix(piece.size());
    control.done += piece.size();
  }
  if (found != section.checksum)
    throw Error(code::vector_checksum,
                "'" + path + "' is corrupt: the section '" + section.name + "' does not match its checksum");
}

}  // namespace

void SectionFile::Section::verify(const std::string& path, TaskControl& control) const {
  check_pieces(*this, path, control, [](std::string_view piece) { return piece.data(); });
}

void SectionFile::Section::copy_to(void* to, const std::string& path, TaskControl& control) const {
  char* at = static_cast<char*>(to);
  check_pieces(*this, path, control, [&at](std::string_view piece) {
    std::memcpy(at, piece.data(), piece.size());
    return std::exchange(at, at + piece.size());
  });
}

SectionFileWriter::SectionFileWriter(AtomicFile& file, std::string_view kind, uint32_t version)
    : file_(file), kind_(kind), version_(version) {
  file_.write(std::string(page, '\0'));  // the header comes last, when the checksums are known
}

void SectionFileWriter::begin(std::string_view name) {
  end_section();
  if (name.size() >= sizeof(TableEntry::name) || entries_.size() == most_sections)
    throw Error(code::internal, "A section '" + std::string(name) + "' does not fit in a file of sections");
  entries_.push_back({std::string(name), file_.bytes_written()});
}

void SectionFileWriter::write(const void* bytes, size_t size) {
  file_.write(bytes, size);
  Entry& entry = entries_.back();
  entry.bytes += size;
  for (const char* at = static_cast<const char*>(bytes); size > 0;) {
    const size_t n = std::min(size, checksum_piece - piece_.size());
    if (n == checksum_piece) {
      entry.checksum = xxh64(at, n, entry.checksum);
    } else {
      piece_.append(at, n);
      if (piece_.size() == checksum_piece) {
        entry.checksum = xxh64(piece_.data(), piece_.size(), entry.checksum);
        piece_.clear();
      }
    }
    at += n;
    size -= n;
  }
}

void SectionFileWriter::end_section() {
  if (!piece_.empty()) entries_.back().checksum = xxh64(piece_.data(), piece_.size(), entries_.back().checksum);
  piece_.clear();
  const uint64_t end = file_.bytes_written();
  file_.write(std::string((end + page - 1) / page * page - end, '\0'));
}

void SectionFileWriter::finish(const SectionNumbers& numbers) {
  end_section();
  Header header{};
  std::memcpy(header.magic, magic, sizeof magic);
  header.version = version_;
  header.sections = static_cast<uint32_t>(entries_.size());
  kind_.copy(header.kind, sizeof header.kind - 1);
  std::copy(numbers.begin(), numbers.end(), header.numbers);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  for (const Entry& entry : entries_) {
    TableEntry row{};
    entry.name.copy(row.name, sizeof row.name - 1);
    row.offset = entry.offset;
    row.bytes = entry.bytes;
    row.checksum = entry.checksum;
    bytes.append(reinterpret_cast<const char*>(&row), sizeof row);
  }
  const uint64_t checksum = xxh64(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  file_.rewrite_beginning(bytes.data(), bytes.size());
}

}  // namespace w2v
