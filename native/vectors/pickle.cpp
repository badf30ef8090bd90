#include "vectors/pickle.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

namespace w2v {

namespace {

// Nothing else may be named. None of it is run: it says what data are.
constexpr std::array<std::string_view, 5> gensim_modules = {"gensim.models.keyedvectors", "gensim.models.word2vec",
                                                            "gensim.models.base_any2vec", "gensim.models.utils_any2vec",
                                                            "gensim.models.deprecated.keyedvectors"};
constexpr std::array<std::string_view, 37> known_globals = {
    "numpy.core.multiarray _reconstruct",
    "numpy.core.multiarray scalar",
    "numpy.core.numeric _frombuffer",
    "numpy._core.multiarray _reconstruct",
    "numpy._core.multiarray scalar",
    "numpy._core.numeric _frombuffer",
    "numpy ndarray",
    "numpy dtype",
    "numpy.random._pickle __randomstate_ctor",
    "numpy.random._pickle __bit_generator_ctor",
    "numpy.random._pickle __generator_ctor",
    "numpy.random __RandomState_ctor",
    "numpy.random._mt19937 MT19937",
    "numpy.random.mtrand RandomState",
    "mtrand RandomState",
    "numpy float32",
    "numpy float64",
    "collections OrderedDict",
    "collections defaultdict",
    "collections Counter",
    "_codecs encode",
    "gensim.utils call_on_class_only",
    "copyreg _reconstructor",
    "copy_reg _reconstructor",
    "builtins object",
    "builtins hash",
    "builtins set",
    "builtins frozenset",
    "builtins int",
    "builtins float",
    "builtins bytearray",
    "__builtin__ object",
    "__builtin__ hash",
    "__builtin__ set",
    "__builtin__ frozenset",
    "__builtin__ int",
    "__builtin__ bytearray",
};

bool is_known(std::string_view module, std::string_view name) {
  if (std::find(gensim_modules.begin(), gensim_modules.end(), module) != gensim_modules.end()) return true;
  const std::string whole = std::string(module) + " " + std::string(name);
  return std::find(known_globals.begin(), known_globals.end(), whole) != known_globals.end();
}

}  // namespace

// A stack machine; the opcodes are those of Python's pickletools.
class PickleReader {
 public:
  using Id = Pickle::Id;
  using Kind = Pickle::Kind;

  PickleReader(Pickle& pickle, std::string_view bytes, std::string name, const TaskControl& control)
      : pickle_(pickle), bytes_(bytes), name_(std::move(name)), control_(control) {}

  Id run() {
    for (size_t step = 0;; ++step) {
      if (step % (1 << 16) == 0) control_.check_cancelled();
      opcode_at_ = at_;
      const auto opcode = static_cast<uint8_t>(number<1>());
      if (opcode == '.') return pop();
      execute(opcode);
    }
  }

 private:
  void execute(uint8_t opcode) {
    switch (opcode) {
      case 0x80:  // PROTO
        if (const uint64_t protocol = number<1>(); protocol > 5)
          throw format_error("expected a protocol up to 5 but received " + std::to_string(protocol));
        return;
      case 0x95:  // FRAME
        number<8>();
        return;
      case '(':
        push(Kind::mark);
        return;
      case '0':
        pop();
        return;
      case '1':
        pop_to_mark();
        return;
      case '2':
        push_again(top());
        return;
      case 'N':
        push(Kind::nothing);
        return;
      case 0x88:
      case 0x89:
        push_number(opcode == 0x88);
        return;
      case 'J':
        push_number(static_cast<int32_t>(number<4>()));
        return;
      case 'K':
        push_number(static_cast<int64_t>(number<1>()));
        return;
      case 'M':
        push_number(static_cast<int64_t>(number<2>()));
        return;
      case 0x8a:  // LONG1: two's complement of any size; what is beyond 8 bytes is of no interest here
        push_long(take(number<1>()));
        return;
      case 0x8b:
        push_long(take(number<4>()));
        return;
      case 'G':
        push(Kind::real);
        take(8);
        return;
      case 'U':
      case 'C':
        push_text(Kind::bytes, take(number<1>()));
        return;
      case 'T':
      case 'B':
        push_text(Kind::bytes, take(number<4>()));
        return;
      case 0x8e:
      case 0x96:
        push_text(Kind::bytes, take(number<8>()));
        return;
      case 0x8c:
        push_text(Kind::text, take(number<1>()));
        return;
      case 'X':
        push_text(Kind::text, take(number<4>()));
        return;
      case 0x8d:
        push_text(Kind::text, take(number<8>()));
        return;
      case ']':
        push_container(Kind::list, {});
        return;
      case ')':
        push_container(Kind::tuple, {});
        return;
      case '}':
        push_container(Kind::dict, {});
        return;
      case 0x8f:
        push_container(Kind::set, {});
        return;
      case 'l':
        push_container(Kind::list, pop_to_mark());
        return;
      case 't':
        push_container(Kind::tuple, pop_to_mark());
        return;
      case 'd':
        push_container(Kind::dict, checked_pairs(pop_to_mark()));
        return;
      case 0x91:
        push_container(Kind::set, pop_to_mark());
        return;
      case 0x85:
      case 0x86:
      case 0x87: {
        std::vector<Id> items(static_cast<size_t>(opcode) - 0x84);
        for (size_t i = items.size(); i-- > 0;) items[i] = pop();
        push_container(Kind::tuple, std::move(items));
        return;
      }
      case 'a':
        extend(Kind::list, {pop()});
        return;
      case 'e':
        extend(Kind::list, pop_to_mark());
        return;
      case 's': {
        const Id value = pop(), key = pop();
        extend(Kind::dict, {key, value});
        return;
      }
      case 'u':
        extend(Kind::dict, checked_pairs(pop_to_mark()));
        return;
      case 0x90:
        extend(Kind::set, pop_to_mark());
        return;
      case 'c': {
        const std::string_view module = line(), name = line();
        push_global(module, name);
        return;
      }
      case 0x93: {
        const Id name = pop(), module = pop();
        if (kind(name) != Kind::text || kind(module) != Kind::text) throw format_error("expected the name of a class");
        push_global(pickle_.text(module), pickle_.text(name));
        return;
      }
      case 'R':
      case 0x81: {  // NEWOBJ
        const Id arguments = pop(), made_by = pop();
        push_object(made_by, arguments);
        return;
      }
      case 0x92: {  // NEWOBJ_EX
        pop();
        const Id arguments = pop(), made_by = pop();
        push_object(made_by, arguments);
        return;
      }
      case 'b': {
        const Id state = pop();
        if (kind(top()) != Kind::object) throw format_error("expected an object to give a state to");
        pickle_.children_[pickle_.values_[top()].children][2] = state;
        return;
      }
      case 'p':
        remember(parsed(line()));
        return;
      case 'q':
        remember(number<1>());
        return;
      case 'r':
        remember(number<4>());
        return;
      case 0x94:
        remember(memoized_);
        return;
      case 'g':
        push_again(remembered(parsed(line())));
        return;
      case 'h':
        push_again(remembered(number<1>()));
        return;
      case 'j':
        push_again(remembered(number<4>()));
        return;
      default:
        throw format_error(
            "expected an opcode of the protocols 2 to 5 that needs nothing from outside of the file but received " +
            std::to_string(opcode));
    }
  }

  // ---- bytes ----

  std::string_view take(uint64_t n) {
    if (n > bytes_.size() - at_)
      throw Error(code::vector_truncated, "'" + name_ + "' is truncated: the pickle needs " + std::to_string(n) +
                                              " bytes from byte " + std::to_string(at_) + " on, but the file has " +
                                              std::to_string(bytes_.size()) + " bytes");
    const std::string_view taken = bytes_.substr(at_, n);
    at_ += n;
    return taken;
  }

  template <size_t size>
  uint64_t number() {
    uint64_t value = 0;
    std::memcpy(&value, take(size).data(), size);  // little-endian, as the machines this runs on
    return value;
  }

  std::string_view line() {
    const size_t end = bytes_.find('\n', at_);
    const std::string_view text = take(end == std::string_view::npos ? bytes_.size() : end - at_);
    take(1);
    return text;
  }

  uint64_t parsed(std::string_view text) const {
    uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) throw format_error("expected a whole number");
    return value;
  }

  Error format_error(const std::string& expected_and_received) const {
    return Error(code::vector_format, "'" + name_ + "': byte " + std::to_string(opcode_at_) +
                                          " of a Python pickle: " + expected_and_received);
  }

  // ---- values ----

  Kind kind(Id id) const { return pickle_.kind(id); }

  Id add(Kind kind) {
    if (pickle_.values_.size() >= Pickle::none) throw format_error("expected fewer than 2^32 - 1 values");
    pickle_.values_.emplace_back().kind = kind;
    return static_cast<Id>(pickle_.values_.size() - 1);
  }
  void push_again(Id id) { stack_.push_back(id); }
  void push(Kind kind) { stack_.push_back(add(kind)); }
  void push_number(int64_t number) {
    push(Kind::number);
    pickle_.values_.back().number = number;
  }
  void push_long(std::string_view bytes) {
    int64_t value = !bytes.empty() && static_cast<int8_t>(bytes.back()) < 0 ? -1 : 0;
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    push_number(value);
  }
  void push_text(Kind kind, std::string_view text) {
    push(kind);
    pickle_.values_.back().text = text;
  }
  void push_container(Kind kind, std::vector<Id> items) {
    push(kind);
    pickle_.values_.back().children = static_cast<uint32_t>(pickle_.children_.size());
    pickle_.children_.push_back(std::move(items));
  }
  void push_global(std::string_view module, std::string_view name) {
    if (!is_known(module, name))
      throw format_error("expected a class of gensim's or NumPy's vectors but received '" +
                         std::string(module.substr(0, 100)) + "." + std::string(name.substr(0, 100)) +
                         "': nothing else is read, and nothing is run");
    // Both names are texts of the file, but not always next to each other: the last part tells enough.
    push_text(Kind::global, name);
  }
  void push_object(Id made_by, Id arguments) {
    if (kind(made_by) != Kind::global || kind(arguments) != Kind::tuple)
      throw format_error("expected a class and its arguments");
    push_container(Kind::object, {made_by, arguments, Pickle::none});
  }

  Id top() const {
    if (stack_.empty() || kind(stack_.back()) == Kind::mark) throw format_error("expected a value on the stack");
    return stack_.back();
  }
  Id pop() {
    const Id id = top();
    stack_.pop_back();
    return id;
  }
  std::vector<Id> pop_to_mark() {
    size_t mark = stack_.size();
    while (mark > 0 && kind(stack_[mark - 1]) != Kind::mark) --mark;
    if (mark == 0) throw format_error("expected a mark on the stack");
    std::vector<Id> items(stack_.begin() + static_cast<ptrdiff_t>(mark), stack_.end());
    stack_.resize(mark - 1);
    return items;
  }
  std::vector<Id> checked_pairs(std::vector<Id> items) const {
    if (items.size() % 2 != 0) throw format_error("expected keys and values in turn");
    return items;
  }
  void extend(Kind expected, const std::vector<Id>& items) {
    // State may be given to a dict that is an object (OrderedDict): of no interest here.
    if (kind(top()) == Kind::object) return;
    if (kind(top()) != expected) throw format_error("expected a list, dict or set to add to");
    std::vector<Id>& all = pickle_.children_[pickle_.values_[top()].children];
    all.insert(all.end(), items.begin(), items.end());
  }

  // ---- memo ----

  void remember(uint64_t index) {
    if (index > bytes_.size())  // it takes a byte or more to use an index
      throw format_error("expected fewer memo entries than bytes but received the index " + std::to_string(index));
    if (index >= memo_.size()) memo_.resize(index + 1, Pickle::none);
    memo_[index] = top();
    ++memoized_;
  }
  Id remembered(uint64_t index) const {
    if (index >= memo_.size() || memo_[index] == Pickle::none)
      throw format_error("expected a memo entry but there is none at " + std::to_string(index));
    return memo_[index];
  }

  Pickle& pickle_;
  const std::string_view bytes_;
  const std::string name_;
  const TaskControl& control_;
  size_t at_ = 0, opcode_at_ = 0;
  std::vector<Id> stack_, memo_;
  uint64_t memoized_ = 0;
};

Pickle::Pickle(std::string_view bytes, std::string name, const TaskControl& control) {
  root_ = PickleReader(*this, bytes, std::move(name), control).run();
}

Pickle::Id Pickle::get(Id dict, std::string_view key) const {
  if (dict == none || kind(dict) != Kind::dict) return none;
  const std::vector<Id>& all = items(dict);
  for (size_t i = 0; i + 1 < all.size(); i += 2)
    if ((kind(all[i]) == Kind::text || kind(all[i]) == Kind::bytes) && text(all[i]) == key) return all[i + 1];
  return none;
}

bool Pickle::is_made_by(Id id, std::string_view name) const {
  return id != none && kind(id) == Kind::object && text(class_of(id)) == name;
}

}  // namespace w2v
