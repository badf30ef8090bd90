#include "tasks/tagged_text.h"

#include <cstring>
#include <string>

#include "base/error.h"

namespace w2v {

void TaggedText::append(std::string_view bytes) {
  while (!bytes.empty()) {
    if (bytes.front() == '\n') {
      if (ids_.size() % columns() != 0)
        throw Error(code::argument, "Expected " + std::to_string(columns()) + " values a token but sentence " +
                                        std::to_string(sentences()) + " has " +
                                        std::to_string(ids_.size() - columns() * tokens()) + " values");
      ends_.push_back(ids_.size() / columns());
      bytes.remove_prefix(1);
      continue;
    }
    const size_t size = bytes.find('\0');
    if (size == std::string_view::npos)
      throw Error(code::argument, "Expected a NUL at the end of each value but the last one has none");
    ids_.push_back(values_[ids_.size() % columns()].insert(bytes.substr(0, size)));
    bytes.remove_prefix(size + 1);
  }
}

}  // namespace w2v
