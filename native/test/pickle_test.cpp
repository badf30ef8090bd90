#include "vectors/pickle.h"

#include <doctest/doctest.h>

#include <memory>
#include <random>
#include <string>

#include "test/check.h"
#include "vectors/vector_file.h"

using namespace w2v;
using namespace std::string_literals;

namespace {

Pickle unpickled(const std::string& bytes) {
  const TaskControl control;
  return {bytes, "test", control};
}

std::string text(const std::string& value) { return "\x8c"s + static_cast<char>(value.size()) + value; }
std::string global(const std::string& module, const std::string& name) { return text(module) + text(name) + "\x93"s; }

// KeyedVectors of two words and rows of two floats, as gensim pickles them.
std::string keyed_vectors(const std::string& module = "gensim.models.keyedvectors") {
  const float rows[] = {1, 2, 3, 4};
  const std::string floats(reinterpret_cast<const char*>(rows), sizeof rows);
  const std::string type = global("numpy", "dtype") + text("f4") + "\x89\x88\x87R(K\x03"s + text("<") +
                           "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"s;
  const std::string array = global("numpy.core.multiarray", "_reconstruct") + global("numpy", "ndarray") +
                            "K\x00\x85"s + "C\x01"s + "b\x87R(K\x01K\x02K\x02\x86"s + type + "\x89"s + "C\x10"s +
                            floats + "tb"s;
  return "\x80\x04"s + global(module, "KeyedVectors") + ")\x81}("s + text("index_to_key") + "]("s + text("a") +
         text("b") + "e"s + text("vectors") + array + "ub."s;
}

LoadedVectors load(const std::string& bytes) {
  const auto buffer = std::make_shared<ByteBuffer>();
  buffer->append(bytes.data(), bytes.size());
  TaskControl control;
  return load_vectors(buffer, "test", {}, control);
}

}  // namespace

TEST_CASE("values of a pickle: numbers, texts, containers, memo") {
  const std::string bytes =
      "\x80\x02}(X\x01\0\0\0aq\0K\x05X\x01\0\0\0bJ\xfe\xff\xff\xffX\x01\0\0\0c]q\x01(M\x01\x02\x8a\x02\0\x80h\0eX\x01\0\0\0dh\x01u."s;
  const Pickle p = unpickled(bytes);
  const auto root = p.root();
  CHECK(p.number(p.get(root, "a")) == 5);
  CHECK(p.number(p.get(root, "b")) == -2);
  const auto list = p.get(root, "c");
  REQUIRE(p.items(list).size() == 3);
  CHECK(p.number(p.items(list)[0]) == 513);
  CHECK(p.number(p.items(list)[1]) == -32768);
  CHECK(p.text(p.items(list)[2]) == "a");
  CHECK(p.get(root, "d") == list);
  CHECK(p.get(root, "e") == Pickle::none);
}

TEST_CASE("KeyedVectors of gensim's from bytes") {
  const LoadedVectors loaded = load(keyed_vectors());
  CHECK((loaded.format == VectorFormat::gensim));
  REQUIRE(loaded.store->size() == 2);
  float row[2];
  loaded.store->copy_row(1, row);
  CHECK(loaded.store->word(1) == "b");
  CHECK(row[0] == 3);
  CHECK(row[1] == 4);
}

TEST_CASE("a pickle that names anything else is refused by that name") {
  CHECK_CODE(load(keyed_vectors("os")), code::vector_format, "'os.KeyedVectors'");
  CHECK_CODE(unpickled("\x80\x02"s + "cposix\nsystem\n(X\x02\0\0\0lstR."s), code::vector_format, "'posix.system'");
  CHECK_CODE(unpickled("\x80\x04"s + global("builtins", "eval") + "."s), code::vector_format, "'builtins.eval'");
  // From outside of the file: persistent ids, extensions, buffers.
  for (const std::string& opcode : {"Pid\n."s, "Q."s, "\x82\x01."s, "\x97."s, "(iposix\nsystem\n."s})
    CHECK_CODE(unpickled("\x80\x04]"s + opcode), code::vector_format, "opcode");
}

TEST_CASE("malformed pickles") {
  for (const std::string& bytes :
       {"."s, "0."s, "a."s, "]a."s, "K\x01K\x02"s + "a."s, "(u."s, "}(K\x01u."s, "t."s, "h\x05."s, "Nb."s, "NNR."s,
        "(."s, "\x93."s, "NN\x93."s, "r\xff\xff\xff\x7fN."s, "Nr\xff\xff\xff\x7f."s, "\x06."s, "g1x\n."s})
    CHECK_CODE(unpickled("\x80\x04"s + bytes), code::vector_format, "byte");
  for (const std::string& bytes :
       {""s, "X\xff\xff\xff\xff"s, "\x8e\xff\xff\xff\xff\xff\xff\xff\xff"s, "cabc"s, "J\x01"s})
    CHECK_CODE(unpickled("\x80\x04"s + bytes), code::vector_truncated, "byte");
}

TEST_CASE("deep nesting needs no stack, and a memo that is used a million times no memory") {
  std::string deep = "\x80\x04";
  for (int i = 0; i < 1'000'000; ++i) deep += "]";
  for (int i = 1; i < 1'000'000; ++i) deep += "a";
  CHECK((unpickled(deep + ".").kind(0) == Pickle::Kind::list));
  std::string shared = "\x80\x04]q\0"s;
  for (int i = 0; i < 1'000'000; ++i) shared += "h\0a"s;  // a list within itself
  CHECK(unpickled(shared + ".").items(0).size() == 1'000'000);
}

TEST_CASE("a pickle that is cut anywhere, or damaged, is refused or loads") {
  const std::string whole = keyed_vectors();
  for (size_t size = 3; size < whole.size(); ++size)
    CHECK_CODE(load(whole.substr(0, size)), code::vector_truncated, "");
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = whole;
    for (unsigned changes = 1 + random() % 3; changes > 0; --changes)
      damaged[2 + random() % (damaged.size() - 2)] = static_cast<char>(random());
    try {
      const LoadedVectors loaded = load(damaged);
      std::vector<float> row(loaded.store->dims());
      for (size_t i = 0; i < loaded.store->size(); ++i) loaded.store->copy_row(i, row.data());
    } catch (const Error&) {
    }
  }
}
