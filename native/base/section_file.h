// Files of named sections, each where it can be used as it is when the file is mapped: the container of our own
// formats. docs/format.md has it byte by byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/task_control.h"

namespace w2v {

// What a kind of file says about itself in its header; the kind knows what each number means.
using SectionNumbers = std::array<uint64_t, 8>;

// A view of the bytes of such a file. What it is opened with has been checked: each section lies in the file, at a
// multiple of 4096, and the header matches its checksum; what sections hold has not.
class SectionFile {
 public:
  struct Section {
    std::string name;
    std::string_view bytes;
    uint64_t checksum;

    // Throws ERR_W2V_VECTOR_CHECKSUM. Progress counts bytes. `path` is used in messages.
    void verify(const std::string& path, TaskControl& control) const;
    // Copies the bytes; throws the same.
    void copy_to(void* to, const std::string& path, TaskControl& control) const;
  };

  static bool is_one(std::string_view bytes);
  // The kind of such a file; empty for any other.
  static std::string kind_of(std::string_view bytes);

  // `path` is used in messages. Throws ERR_W2V_VECTOR_FORMAT for another kind or version or a header that does not
  // match its checksum, ERR_W2V_VECTOR_TRUNCATED for a section that is not there as a whole.
  SectionFile(std::string_view bytes, std::string path, std::string_view kind, uint32_t version);

  const SectionNumbers& numbers() const { return numbers_; }
  const std::vector<Section>& sections() const { return sections_; }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // Throws ERR_W2V_VECTOR_FORMAT where it is missing.
  const Section& section(std::string_view name) const;

  // All values of a section; throws ERR_W2V_VECTOR_FORMAT where it is missing or its size is no multiple of a value's.
  template <class T>
  std::span<const T> all(std::string_view name) const {
    const std::string_view bytes = section(name).bytes;
    if (bytes.size() % sizeof(T) != 0) throw wrong_size(name, "a multiple of " + std::to_string(sizeof(T)));
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  // The same for a section that must hold n values.
  template <class T>
  std::span<const T> exactly(std::string_view name, uint64_t n) const {
    const std::span<const T> values = all<T>(name);
    if (values.size() != n) throw wrong_size(name, std::to_string(n) + " times " + std::to_string(sizeof(T)));
    return values;
  }

  Error format_error(const std::string& expected_and_received) const;

 private:
  const Section* find(std::string_view name) const;
  Error wrong_size(std::string_view name, const std::string& expected) const;

  std::string path_;
  SectionNumbers numbers_{};
  std::vector<Section> sections_;
};

// Writes one: begin(), then write() what is in it, section after section; finish() writes the header. The caller
// commits.
class SectionFileWriter {
 public:
  SectionFileWriter(AtomicFile& file, std::string_view kind, uint32_t version);
  void begin(std::string_view name);  // at most 15 bytes
  void write(const void* bytes, size_t size);
  void finish(const SectionNumbers& numbers);

 private:
  struct Entry {
    std::string name;
    uint64_t offset, bytes = 0, checksum = 0;
  };
  void end_section();

  AtomicFile& file_;
  std::string kind_;
  uint32_t version_;
  std::vector<Entry> entries_;
  std::string piece_;  // bytes of the section that are not in its checksum yet
};

}  // namespace w2v
