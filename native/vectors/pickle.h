// Reads Python pickles without running anything of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/task_control.h"

namespace w2v {

// What a pickle holds. Text and bytes are views of the file. Calls and objects stay what the file says of them: a class
// or function by name, arguments, state.
class Pickle {
 public:
  // Index of a value.
  using Id = uint32_t;
  static constexpr Id none = 0xffffffff;

  enum class Kind : uint8_t { nothing, number, real, text, bytes, list, tuple, dict, set, global, object, mark };

  // Protocols 2 to 5. Only classes and functions that gensim's models are made of may be named; any other is an error
  // that names it. `name` is used in messages. Throws ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED (both with the
  // byte), ERR_W2V_CANCELLED. Memory is in proportion to the size of the file.
  Pickle(std::string_view bytes, std::string name, const TaskControl& control);

  Id root() const { return root_; }
  Kind kind(Id id) const { return values_[id].kind; }
  int64_t number(Id id) const { return values_[id].number; }
  std::string_view text(Id id) const { return values_[id].text; }  // of text, bytes, global ("module name")
  // Of a list, tuple or set; of a dict keys and values in turn; of an object its class, arguments and state, which may
  // be `none`.
  const std::vector<Id>& items(Id id) const { return children_[values_[id].children]; }

  // The value of a text key, or `none`; also where `dict` is none or no dict.
  Id get(Id dict, std::string_view key) const;
  Id class_of(Id object) const { return items(object)[0]; }
  Id arguments_of(Id object) const { return items(object)[1]; }
  Id state_of(Id object) const { return items(object)[2]; }
  // Whether it is an object of a class or call of a function that ends in this name.
  bool is_made_by(Id id, std::string_view name) const;

 private:
  struct Value {
    Kind kind = Kind::nothing;
    uint32_t children = 0;
    union {
      int64_t number = 0;
      double real;
    };
    std::string_view text;
  };
  friend class PickleReader;

  std::vector<Value> values_;
  std::vector<std::vector<Id>> children_;
  Id root_ = none;
};

}  // namespace w2v
