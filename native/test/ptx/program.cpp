#include "test/ptx/program.h"

#include <cctype>
#include <stdexcept>

namespace w2v::ptx {

namespace {

const std::map<std::string_view, Type> types = {
    {"pred", Type::pred}, {"b16", Type::b16}, {"b32", Type::b32}, {"b64", Type::b64}, {"u8", Type::u8},
    {"u16", Type::u16},   {"u32", Type::u32}, {"u64", Type::u64}, {"s16", Type::s16}, {"s32", Type::s32},
    {"s64", Type::s64},   {"f32", Type::f32}, {"f64", Type::f64}, {"b8", Type::u8}};

const std::map<std::string_view, Comparison> comparisons = {
    {"eq", Comparison::eq},   {"ne", Comparison::ne},   {"lt", Comparison::lt},   {"le", Comparison::le},
    {"gt", Comparison::gt},   {"ge", Comparison::ge},   {"ltu", Comparison::ltu}, {"leu", Comparison::leu},
    {"gtu", Comparison::gtu}, {"geu", Comparison::geu}, {"neu", Comparison::neu}, {"equ", Comparison::equ}};

// By the parts of an instruction's name that say what it does; the others are types, spaces and what makes no
// difference here.
const std::map<std::string_view, Op> operations = {{"abs", Op::abs},
                                                   {"add", Op::add},
                                                   {"add.rz", Op::add_rz},
                                                   {"and", Op::and_},
                                                   {"atom.add", Op::atom_add},
                                                   {"bar.warp.sync", Op::bar_warp_sync},
                                                   {"bfind.shiftamt", Op::bfind_shiftamt},
                                                   {"bra", Op::bra},
                                                   {"brev", Op::brev},
                                                   {"cp.async", Op::cp_async},
                                                   {"cp.async.commit_group", Op::cp_async_commit},
                                                   {"cp.async.wait_group", Op::cp_async_wait},
                                                   {"cvt", Op::cvt},
                                                   {"cvt.rn", Op::cvt},
                                                   {"cvt.rzi", Op::cvt},
                                                   {"cvta", Op::cvta},
                                                   {"cvta.to", Op::cvta},
                                                   {"div", Op::div},
                                                   {"ex2", Op::ex2},
                                                   {"fma.rn", Op::fma},
                                                   {"ld", Op::ld},
                                                   {"mad.lo", Op::mad_lo},
                                                   {"max", Op::max},
                                                   {"min", Op::min},
                                                   {"mov", Op::mov},
                                                   {"mul", Op::mul_lo},
                                                   {"mul.hi", Op::mul_hi},
                                                   {"mul.lo", Op::mul_lo},
                                                   {"mul.wide", Op::mul_wide},
                                                   {"neg", Op::neg},
                                                   {"not", Op::not_},
                                                   {"or", Op::or_},
                                                   {"popc", Op::popc},
                                                   {"rcp.rn", Op::rcp},
                                                   {"red.add", Op::red_add},
                                                   {"rem", Op::rem},
                                                   {"ret", Op::ret},
                                                   {"selp", Op::selp},
                                                   {"setp", Op::setp},
                                                   {"shfl.sync.bfly", Op::shfl_bfly},
                                                   {"shfl.sync.idx", Op::shfl_idx},
                                                   {"shl", Op::shl},
                                                   {"shr", Op::shr},
                                                   {"st", Op::st},
                                                   {"sub", Op::sub},
                                                   {"vote.sync.ballot", Op::vote_ballot},
                                                   {"xor", Op::xor_}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::map<std::string, Kernel> run() {
    std::map<std::string, Kernel> kernels;
    while (skip_blanks(), at_ < text_.size()) {
      if (!skip_to_entry()) break;
      Kernel kernel = read_entry();
      kernels.emplace(kernel.name, std::move(kernel));
    }
    return kernels;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error("PTX, line " + std::to_string(line_) + ": " + what);
  }

  // ---- text ----

  void step() { line_ += text_[at_++] == '\n'; }
  void skip_blanks() {
    while (at_ < text_.size())
      if (std::isspace(static_cast<unsigned char>(text_[at_])))
        step();
      else if (text_.substr(at_, 2) == "//")
        while (at_ < text_.size() && text_[at_] != '\n') step();
      else
        return;
  }
  bool skip_to_entry() {
    constexpr std::string_view entry = ".entry";
    while (at_ < text_.size()) {
      skip_blanks();
      if (text_.substr(at_, entry.size()) == entry) {
        at_ += entry.size();
        return true;
      }
      while (at_ < text_.size() && text_[at_] != '\n') step();
    }
    return false;
  }
  static bool is_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%' || c == '.';
  }
  // A name, a number, or one other character; empty at the end.
  std::string_view token() {
    skip_blanks();
    const size_t begin = at_;
    if (at_ >= text_.size()) return {};
    if (!is_name(text_[at_]) && !(text_[at_] == '-' && at_ + 1 < text_.size() && std::isdigit(text_[at_ + 1]))) {
      step();
      return text_.substr(begin, 1);
    }
    do step();
    while (at_ < text_.size() && is_name(text_[at_]));
    return text_.substr(begin, at_ - begin);
  }
  std::string_view peek() {
    const size_t at = at_;
    const uint32_t line = line_;
    const std::string_view next = token();
    at_ = at, line_ = line;
    return next;
  }
  void expect(std::string_view what) {
    const std::string_view found = token();
    if (found != what) fail("expected '" + std::string(what) + "' but found '" + std::string(found) + "'");
  }
  bool take(std::string_view what) {
    if (peek() != what) return false;
    token();
    return true;
  }

  // ---- a kernel ----

  Kernel read_entry() {
    kernel_ = {};
    registers_ = {{"%tid.x", Kernel::tid_x},
                  {"%ntid.x", Kernel::ntid_x},
                  {"%ctaid.x", Kernel::ctaid_x},
                  {"%nctaid.x", Kernel::nctaid_x}};
    parameters_.clear();
    labels_.clear();
    kernel_.name = token();
    expect("(");
    while (!take(")")) {
      expect(".param");
      uint32_t align = 0;
      std::string_view part = token();
      if (part == ".align") {
        align = static_cast<uint32_t>(number(token()));
        part = token();
      }
      const uint32_t size = bytes_of(type_of(part.substr(1)));
      if (align == 0) align = size;
      const std::string_view name = token();
      uint32_t bytes = size;
      if (take("[")) {
        bytes = size * static_cast<uint32_t>(number(token()));
        expect("]");
      }
      const uint32_t offset = (kernel_.parameter_bytes + align - 1) / align * align;
      parameters_[name] = offset;
      kernel_.parameters.push_back({offset, bytes});
      kernel_.parameter_bytes = offset + bytes;
      take(",");
    }
    expect("{");
    for (int depth = 1; depth > 0;) {
      const std::string_view next = token();
      if (next.empty())
        fail("the text ends within a kernel");
      else if (next == "{")
        ++depth;  // of inline assembly, with registers of its own: names are not used twice
      else if (next == "}")
        --depth;
      else if (next == ".reg" || next == ".pragma")
        while (token() != ";") continue;
      else if (take(":"))
        labels_[next] = static_cast<uint32_t>(kernel_.code.size());
      else
        read_instruction(next);
    }
    for (const auto& [index, label] : branches_) {
      const auto found = labels_.find(label);
      if (found == labels_.end()) fail("there is no label '" + std::string(label) + "'");
      kernel_.code[index].target = found->second;
    }
    branches_.clear();
    kernel_.registers = static_cast<uint32_t>(registers_.size());
    return std::move(kernel_);
  }

  void read_instruction(std::string_view first) {
    Instruction i{};
    i.line = line_;
    std::string_view name = first;
    if (name == "@") {
      i.guard_negated = take("!");
      i.guard = register_of(token());
      name = token();
    }
    read_name(name, i);
    if (i.op == Op::bra) {
      branches_.emplace_back(kernel_.code.size(), token());
      expect(";");
    } else if (i.op == Op::ret || i.op == Op::cp_async_commit) {
      expect(";");
    } else {
      read_operands(i);
    }
    kernel_.code.push_back(i);
  }

  // "ld.global.cg.v4.f32", say.
  void read_name(std::string_view name, Instruction& i) {
    const std::string whole(name);
    std::string operation;
    for (bool more = true; more;) {
      const size_t dot = name.find('.');
      const std::string_view part = name.substr(0, dot);
      more = dot != std::string_view::npos;
      if (more) name.remove_prefix(dot + 1);
      const auto type = types.find(part);
      const auto comparison = comparisons.find(part);
      if (type != types.end())
        (i.type == Type::none ? i.type : i.from) = type->second;
      else if (comparison != comparisons.end())
        i.comparison = comparison->second;
      else if (part == "global" || part == "shared" || part == "param")
        i.space = i.space != Space::none ? i.space
                  : part == "global"     ? Space::global
                  : part == "shared"     ? Space::shared
                                         : Space::param;
      else if (part == "v2" || part == "v4")
        i.width = part == "v2" ? 2 : 4;
      else if (part != "cg" && part != "uni" && part != "relaxed" && part != "gpu" && part != "volatile" &&
               part != "approx" && part != "ftz")
        operation += (operation.empty() ? "" : ".") + std::string(part);
    }
    const auto found = operations.find(operation);
    if (found == operations.end()) fail("the instruction '" + whole + "' is not known");
    i.op = found->second;
    if (operation == "cvta.to") i.from = Type::b64;  // from generic to a space; without: the other way
  }

  void read_operands(Instruction& i) {
    const bool writes = i.op != Op::st && i.op != Op::red_add && i.op != Op::cp_async && i.op != Op::cp_async_wait &&
                        i.op != Op::bar_warp_sync;
    Operand* const sources[] = {&i.a, &i.b, &i.c};
    size_t n = 0;
    bool first = true;
    do {
      if (peek() == "{") {
        read_vector(i);
      } else if (peek() == "[") {
        token();
        *sources[n++] = read_operand();
        if (take("+")) sources[n - 1]->value += number(token());
        expect("]");
      } else if (first && writes) {
        i.to = register_of(token());
        if (take("|")) token();  // shfl's second result, whether the lane was in range, is used by nobody
        i.vector[0].reg = i.to;
      } else if (n == 1 && (i.op == Op::st || i.op == Op::red_add)) {
        i.vector[0] = read_operand();
      } else if (n < 3) {
        *sources[n++] = read_operand();
      } else {
        read_operand();  // the mask of lanes: all
      }
      first = false;
    } while (take(","));
    expect(";");
  }

  void read_vector(Instruction& i) {
    expect("{");
    for (uint8_t k = 0; k < i.width; ++k) {
      if (k > 0) expect(",");
      i.vector[k] = read_operand();
    }
    expect("}");
  }

  Operand read_operand() {
    const std::string_view text = token();
    if (text.empty()) fail("an operand is missing");
    if (text[0] == '%') return {register_of(text), 0};
    if (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '-') return {-1, number(text)};
    const auto parameter = parameters_.find(text);
    // The only other symbol is the shared memory that the launch sizes.
    return {-1, parameter != parameters_.end() ? parameter_base + parameter->second : shared_base};
  }

  uint64_t number(std::string_view text) {
    if (text.starts_with("0f")) return std::stoul(std::string(text.substr(2)), nullptr, 16);
    if (text.starts_with("0d")) return std::stoull(std::string(text.substr(2)), nullptr, 16);
    try {
      return text[0] == '-' ? static_cast<uint64_t>(std::stoll(std::string(text), nullptr, 0))
                            : std::stoull(std::string(text), nullptr, 0);
    } catch (const std::exception&) {
      fail("'" + std::string(text) + "' is no number");
    }
  }

  int32_t register_of(std::string_view name) {
    return registers_.try_emplace(name, static_cast<int32_t>(registers_.size())).first->second;
  }
  Type type_of(std::string_view name) {
    const auto found = types.find(name);
    if (found == types.end()) fail("the type '" + std::string(name) + "' is not known");
    return found->second;
  }

  std::string_view text_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  Kernel kernel_;
  std::map<std::string_view, int32_t> registers_;
  std::map<std::string_view, uint32_t> parameters_, labels_;
  std::vector<std::pair<size_t, std::string_view>> branches_;
};

}  // namespace

uint32_t bytes_of(Type type) {
  switch (type) {
    case Type::u8:
      return 1;
    case Type::b16:
    case Type::u16:
    case Type::s16:
      return 2;
    case Type::b64:
    case Type::u64:
    case Type::s64:
    case Type::f64:
      return 8;
    default:
      return 4;
  }
}

std::map<std::string, Kernel> parse(std::string_view text) { return Parser(text).run(); }

}  // namespace w2v::ptx
