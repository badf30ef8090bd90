// Helpers of the native tests.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/error.h"

// The expression throws w2v::Error with this code and a message that contains `text`.
#define CHECK_CODE(expression, expected_code, text)             \
  do {                                                          \
    std::string thrown_code = "nothing thrown", thrown_message; \
    try {                                                       \
      (void)(expression);                                       \
    } catch (const w2v::Error& error) {                         \
      thrown_code = error.code();                               \
      thrown_message = error.what();                            \
    }                                                           \
    CAPTURE(thrown_message);                                    \
    CHECK(thrown_code == expected_code);                        \
    CHECK(thrown_message.find(text) != std::string::npos);      \
  } while (false)

namespace w2v::test {

// A folder of its own, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "w2v-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary).write(content.data(), static_cast<std::streamsize>(content.size()));
    return file(name);
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace w2v::test
