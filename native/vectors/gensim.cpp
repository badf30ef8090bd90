// gensim's own files: a KeyedVectors (.kv) or a Word2Vec model (.model), pickled, with large arrays in .npy files
// beside it.
#include <algorithm>
#include <utility>

#include "vectors/format.h"
#include "vectors/number_array.h"
#include "vectors/pickle.h"

namespace w2v {

namespace {

using Id = Pickle::Id;
using Kind = Pickle::Kind;

class GensimFile {
 public:
  GensimFile(const VectorSource& source, TaskControl& control)
      : source_(source), pickle_(source.bytes, source.path, control) {}

  LoadedVectors read(TaskControl& control) {
    Id state = state_of(pickle_.root());
    std::string prefix = source_.path;
    if (pickle_.is_made_by(pickle_.root(), "Word2Vec")) {
      const Id vectors = pickle_.get(state, "wv");
      if (vectors == Pickle::none)
        throw source_.format_error("expected the vectors ('wv') of a Word2Vec model but there are none");
      state = state_of(vectors);
      prefix += ".wv";
    }
    const std::vector<std::string_view> words = words_of(state);
    const NumberArray rows = rows_of(state, prefix);
    return store_of_array(source_, words, rows, counts_of(state, words), control);
  }

 private:
  Id state_of(Id object) const {
    if (object == Pickle::none || pickle_.kind(object) != Kind::object || pickle_.state_of(object) == Pickle::none)
      throw source_.format_error("expected KeyedVectors or a Word2Vec model but the pickle holds something else");
    return pickle_.state_of(object);
  }

  std::vector<std::string_view> words_of(Id state) const {
    Id list = pickle_.get(state, "index_to_key");
    if (list == Pickle::none) list = pickle_.get(state, "index2word");  // before gensim 4
    if (list == Pickle::none || pickle_.kind(list) != Kind::list)
      throw source_.format_error("expected a list of words ('index_to_key') but there is none");
    std::vector<std::string_view> words;
    for (const Id id : pickle_.items(list)) {
      if (pickle_.kind(id) != Kind::text && pickle_.kind(id) != Kind::bytes)
        throw source_.format_error("expected words but entry " + std::to_string(words.size()) +
                                   " of 'index_to_key' is something else");
      words.push_back(pickle_.text(id));
    }
    return words;
  }

  // In the pickle, or in a file beside it: gensim lists such arrays under '__numpys'.
  NumberArray rows_of(Id state, const std::string& prefix) {
    const Id rows = pickle_.get(state, "vectors");
    if (rows != Pickle::none && pickle_.kind(rows) == Kind::object) return array_of(rows);
    const Id apart = pickle_.get(state, "__numpys");
    const bool is_apart = apart != Pickle::none && pickle_.kind(apart) == Kind::list &&
                          std::any_of(pickle_.items(apart).begin(), pickle_.items(apart).end(),
                                      [&](Id id) { return pickle_.text(id) == "vectors"; });
    if (!is_apart) throw source_.format_error("expected an array of vectors ('vectors') but there is none");
    const std::string path = prefix + ".vectors.npy";
    if (!source_.file)
      throw source_.format_error(
          "the vectors are in a file of their own, which a stream does not have: load the file by its path");
    try {
      const auto file = MappedFile::open(path);
      return read_npy({file->data(), file->size()}, file, file, path);
    } catch (const Error& error) {
      if (!error.is(code::file_not_found)) throw;
      throw Error(code::file_not_found, "'" + source_.path + "' needs the file '" + path +
                                            "', where gensim has put its vectors, but it is not there");
    }
  }

  // expandos['count'], an array; before gensim 4 vocab[word].count.
  std::vector<uint64_t> counts_of(Id state, const std::vector<std::string_view>& words) {
    std::vector<uint64_t> counts;
    const auto add = [&](double count) {
      counts.push_back(count >= 0 && count < 0x1p63 ? static_cast<uint64_t>(count) : 0);
    };
    const Id array = pickle_.get(pickle_.get(state, "expandos"), "count");
    if (array != Pickle::none && pickle_.kind(array) == Kind::object) {
      const NumberArray numbers = array_of(array);
      if (numbers.shape.size() != 1) return {};
      for (size_t i = 0; i < numbers.shape[0]; ++i) add(numbers.value(i));
      return counts;
    }
    const Id vocabulary = pickle_.get(state, "vocab");
    if (vocabulary == Pickle::none || pickle_.kind(vocabulary) != Kind::dict) return {};
    WordIndex index(words.size());
    for (const std::string_view word : words) index.insert(word);
    counts.resize(words.size());
    const std::vector<Id>& entries = pickle_.items(vocabulary);
    for (size_t i = 0; i + 1 < entries.size(); i += 2) {
      const uint32_t word = index.find(pickle_.text(entries[i]));
      if (word >= counts.size() || pickle_.kind(entries[i + 1]) != Kind::object) continue;
      const Id count = pickle_.get(pickle_.state_of(entries[i + 1]), "count");
      if (count != Pickle::none && pickle_.kind(count) == Kind::number && pickle_.number(count) >= 0)
        counts[word] = static_cast<uint64_t>(pickle_.number(count));
    }
    return counts;
  }

  NumberArray array_of(Id id) {
    NumberArray array;
    array.path = source_.path;
    array.owner = source_.owner;
    array.file = source_.file;
    Id type = Pickle::none, shape = Pickle::none, bytes = Pickle::none;
    const auto part = [&](const std::vector<Id>& items, size_t i) {
      return i < items.size() ? items[i] : Pickle::none;
    };
    if (pickle_.is_made_by(id, "_frombuffer")) {  // protocol 5: (bytes, type, shape, order)
      const std::vector<Id>& arguments = pickle_.items(pickle_.arguments_of(id));
      bytes = part(arguments, 0);
      type = part(arguments, 1);
      shape = part(arguments, 2);
      const Id order = part(arguments, 3);
      array.column_major = order != Pickle::none && pickle_.text(order) == "F";
    } else if (pickle_.is_made_by(id, "_reconstruct") && pickle_.state_of(id) != Pickle::none &&
               pickle_.kind(pickle_.state_of(id)) ==
                   Kind::tuple) {  // state: (version, shape, type, column-major, bytes)
      const std::vector<Id>& state = pickle_.items(pickle_.state_of(id));
      shape = part(state, 1);
      type = part(state, 2);
      const Id order = part(state, 3);
      array.column_major = order != Pickle::none && pickle_.number(order) != 0 && pickle_.kind(order) == Kind::number;
      bytes = part(state, 4);
    }
    if (bytes == Pickle::none || shape == Pickle::none || pickle_.kind(shape) != Kind::tuple ||
        !pickle_.is_made_by(type, "dtype"))
      throw source_.format_error("expected an array of NumPy's but received something else");
    for (const Id n : pickle_.items(shape)) {
      if (pickle_.kind(n) != Kind::number || pickle_.number(n) < 0)
        throw source_.format_error("expected the shape of an array");
      array.shape.push_back(static_cast<uint64_t>(pickle_.number(n)));
    }
    array.type = type_of(type);
    take_bytes(bytes, array);
    array.check();
    return array;
  }

  // numpy.dtype('f4', False, True) with the state (3, '<', …).
  std::string type_of(Id type) const {
    const std::vector<Id>& arguments = pickle_.items(pickle_.arguments_of(type));
    const std::string name(arguments.empty() ? "" : pickle_.text(arguments[0]));
    const Id state = pickle_.state_of(type);
    std::string order = "<";
    if (state != Pickle::none && pickle_.kind(state) == Kind::tuple && pickle_.items(state).size() > 1)
      order = std::string(pickle_.text(pickle_.items(state)[1]));
    return (order == ">" ? ">" : "<") + name;
  }

  // Bytes; or, in protocol 2, _codecs.encode(text, 'latin1'): text whose characters are the bytes.
  void take_bytes(Id id, NumberArray& array) {
    if (pickle_.kind(id) == Kind::bytes) {
      array.bytes = pickle_.text(id);
      return;
    }
    const bool encoded = pickle_.is_made_by(id, "encode") && !pickle_.items(pickle_.arguments_of(id)).empty();
    if (!encoded) throw source_.format_error("expected the bytes of an array but received something else");
    const std::string_view text = pickle_.text(pickle_.items(pickle_.arguments_of(id))[0]);
    const auto bytes = std::make_shared<std::string>();
    bytes->reserve(text.size());
    for (size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<uint8_t>(text[i]);
      if (byte < 0x80) {
        bytes->push_back(text[i]);
      } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < text.size()) {
        bytes->push_back(static_cast<char>((byte & 3) << 6 | (static_cast<uint8_t>(text[++i]) & 0x3f)));
      } else {
        throw source_.format_error("expected characters below 256 in the bytes of an array");
      }
    }
    array.bytes = *bytes;
    array.owner = bytes;
    array.file = nullptr;
  }

  const VectorSource& source_;
  const Pickle pickle_;
};

}  // namespace

// Protocols from 2 on begin so.
bool is_pickle(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5;
}

LoadedVectors read_gensim(const VectorSource& source, TaskControl& control) {
  control.begin(Phase::loading, 1);
  LoadedVectors loaded = GensimFile(source, control).read(control);
  loaded.format = VectorFormat::gensim;
  control.done = 1;
  return loaded;
}

}  // namespace w2v
