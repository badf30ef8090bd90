#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "test/check.h"
#include "train/adapt.h"
#include "vectors/edit.h"
#include "vectors/vector_file.h"

using namespace w2v;

namespace {

using namespace std::string_literals;

struct Row {
  std::string word;
  std::vector<float> values;
};
using Rows = std::vector<Row>;

float from_bits(uint32_t bits) { return std::bit_cast<float>(bits); }

bool operator==(const Row& a, const Row& b) {
  return a.word == b.word && std::equal(a.values.begin(), a.values.end(), b.values.begin(), b.values.end(),
                                        [](float x, float y) {  // -0 is not 0 here
                                          return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
                                        });
}

std::shared_ptr<const VectorStore> store_of(const Rows& rows, size_t dims, std::vector<uint64_t> counts = {}) {
  WordIndex words;
  Matrix matrix(rows.size(), dims, "test");
  for (size_t i = 0; i < rows.size(); ++i) {
    words.insert(rows[i].word);
    std::copy(rows[i].values.begin(), rows[i].values.end(), matrix.row(i));
  }
  return std::make_shared<const VectorStore>(std::move(words), std::move(matrix), std::move(counts));
}

Rows rows_of(const VectorStore& store) {
  Rows rows;
  for (size_t i = 0; i < store.size(); ++i) {
    rows.push_back({std::string(store.word(i)), std::vector<float>(store.dims())});
    store.copy_row(i, rows.back().values.data());
  }
  return rows;
}

Rows random_rows(size_t n, size_t dims, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> value;
  Rows rows(n);
  for (size_t i = 0; i < n; ++i) {
    rows[i].word = "w" + std::to_string(i);
    for (size_t d = 0; d < dims; ++d) rows[i].values.push_back(value(random));
  }
  return rows;
}

// ---- the formats, written down once more, by their definition ----

std::string header(size_t rows, size_t dims) { return std::to_string(rows) + " " + std::to_string(dims) + "\n"; }

std::string binary_of(const Rows& rows, size_t dims, const std::string& row_end = "\n") {
  std::string bytes = header(rows.size(), dims);
  for (const Row& row : rows) {
    bytes += row.word + " ";
    for (const float value : row.values) bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
    bytes += row_end;
  }
  return bytes;
}

std::string text_of(const Rows& rows, size_t dims) {
  std::string text = header(rows.size(), dims);
  for (const Row& row : rows) {
    text += row.word + " ";
    for (const float value : row.values) {
      char number[100];
      std::snprintf(number, sizeof(number), "%lf ", static_cast<double>(value));
      text += number;
    }
    text += "\n";
  }
  return text;
}

// ---- reading and writing ----

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file to load from or save to, in a folder of its own.
class TestFile {
 public:
  TestFile() = default;
  explicit TestFile(std::string_view content) { folder_.write("vectors", content); }

  std::string path() const { return folder_.file("vectors"); }
  std::string content() const { return content_of(path()); }
  size_t files_in_folder() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }

  LoadedVectors load(const LoadOptions& options = {}) const {
    TaskControl control;
    return load_vectors(path(), options, control);
  }
  LoadedVectors load_from_memory(const LoadOptions& options = {}) const {
    const std::string bytes = content();
    const auto buffer = std::make_shared<ByteBuffer>();
    for (size_t at = 0; at < bytes.size(); at += 1000)  // in pieces
      buffer->append(bytes.data() + at, std::min<size_t>(1000, bytes.size() - at));
    TaskControl control;
    return load_vectors(buffer, path(), options, control);
  }

 private:
  test::TemporaryFolder folder_;
};

LoadedVectors load(std::string_view content, const LoadOptions& options = {}) {
  return TestFile(content).load(options);
}

LoadOptions without_map() {
  LoadOptions options;
  options.map = false;
  return options;
}

// The content is one of these rows in this format: mapped, copied, and from memory.
void check_loads(std::string_view content, VectorFormat format, const Rows& rows, uint64_t duplicates = 0) {
  const TestFile file(content);
  for (const LoadedVectors& loaded : {file.load(), file.load(without_map()), file.load_from_memory()}) {
    CHECK((loaded.format == format));
    CHECK(loaded.duplicate_words == duplicates);
    CHECK(loaded.missing_rows == 0);
    CHECK(loaded.store->size() == rows.size());
    CHECK((rows_of(*loaded.store) == rows));
    CHECK_FALSE(loaded.store->has_counts());
    size_t not_found = 0;
    for (size_t i = 0; i < rows.size(); ++i) not_found += loaded.store->find(rows[i].word) != i;
    CHECK(not_found == 0);
    CHECK(loaded.store->find("no such word") == WordIndex::none);
  }
  CHECK(file.load().store->is_mapped() == (format == VectorFormat::google_binary));
}
void check_loads_binary(std::string_view content, const Rows& rows, uint64_t duplicates = 0) {
  check_loads(content, VectorFormat::google_binary, rows, duplicates);
}
void check_loads_text(std::string_view content, const Rows& rows, uint64_t duplicates = 0) {
  check_loads(content, VectorFormat::google_text, rows, duplicates);
}

// The code of the error that loading ends with, "" if it loads. Every message names the file.
std::string load_code(const TestFile& file) {
  try {
    file.load();
    return "";
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find("'" + file.path() + "'") != std::string::npos);
    return error.code();
  }
}

bool refuses_content(const std::string& code) { return code == code::vector_format || code == code::vector_truncated; }

struct Saver {
  const char* name;
  void (*save)(const VectorStore&, const std::string& path, TaskControl&);
};
const Saver every_saver[] = {
    {"binary", [](const VectorStore& store, const std::string& path,
                  TaskControl& control) { save_vectors(store, path, VectorFormat::google_binary, control); }},
    {"text", [](const VectorStore& store, const std::string& path,
                TaskControl& control) { save_vectors(store, path, VectorFormat::google_text, control); }},
    {"vocabulary", save_vocabulary},
};
const Saver &binary = every_saver[0], &text = every_saver[1], &vocabulary = every_saver[2];

std::string saved(const Saver& saver, const VectorStore& store) {
  const TestFile file;
  TaskControl control;
  saver.save(store, file.path(), control);
  CHECK(file.files_in_folder() == 1);  // the temporary one is gone
  return file.content();
}

// What a save that fails leaves behind: the file that was there, and nothing where there was none.
template <class Save>
void check_fails_without_trace(Save save, const char* code, const std::string& message) {
  const TestFile old("what was there"), none;
  CHECK_CODE(save(old.path()), code, message);
  CHECK((old.content() == "what was there"));
  CHECK(old.files_in_folder() == 1);
  CHECK_CODE(save(none.path()), code, message);
  CHECK(none.files_in_folder() == 0);
}

// ---- contents ----

const Rows three_rows = {{"the", {0.5f, -0.25f}}, {"of", {1, 2}}, {"</s>", {-3, 4}}};

// Words of every kind that both formats can hold: they need only be free of blanks and line ends.
std::vector<std::string> unusual_words() {
  std::string all_ascii;
  for (int c = 0; c < 128; ++c)
    if (std::string_view(" \t\n\r").find(static_cast<char>(c)) == std::string_view::npos)
      all_ascii += static_cast<char>(c);
  return {all_ascii,
          "\xf0\x9f\x98\x80",  // an emoji
          "\xef\xbb\xbf"
          "bom",  // begins as a file with a byte order mark does
          "e\xcc\x81",
          "\xc3\xa9",  // the same letter, composed and not
          "a\xc2\xa0"
          "b",
          "a\xe3\x80\x80"
          "b",  // spaces of Unicode are no separators
          "\x1f\x7f",
          "\v",
          "\f",
          std::string(1, '\0'),
          "\0\0"s,
          "1",
          "-0.5",
          "nan",
          "3",
          "",
          std::string(10000, 'x'),
          std::string(9999, 'x')};
}

}  // namespace

TEST_CASE("binary is read with and without a newline after each row") {
  for (const std::string row_end : {"\n", ""}) {
    check_loads_binary(binary_of(three_rows, 2, row_end), three_rows);
    check_loads_binary(binary_of(three_rows, 2, row_end) + "\n\n", three_rows);
    const Rows many = random_rows(3000, 7, 1);
    check_loads_binary(binary_of(many, 7, row_end), many);
  }
  std::string no_last_newline = binary_of(three_rows, 2);
  no_last_newline.pop_back();
  check_loads_binary(no_last_newline, three_rows);
}

TEST_CASE("bytes of binary values may be spaces and newlines") {
  std::vector<float> values;
  for (const uint32_t bits :
       {0x20202020u, 0x0a0a0a0au, 0x200a200au, 0x0a200a20u, 0x3f200a0du, 0x0a00803fu, 0x3f80000au})
    values.push_back(from_bits(bits));
  Rows rows;
  for (size_t i = 0; i < values.size(); ++i) {
    rows.push_back({"all" + std::to_string(i), std::vector<float>(3, values[i])});
    rows.push_back({"first" + std::to_string(i), {values[i], 1, 1}});
    rows.push_back({"last" + std::to_string(i), {1, 1, values[i]}});
  }
  for (size_t first = 0; first < rows.size(); ++first) {
    std::rotate(rows.begin(), rows.begin() + 1, rows.end());  // each of them is once the first and once the last
    for (const std::string row_end : {"\n", ""}) check_loads_binary(binary_of(rows, 3, row_end), rows);
  }
}

// About one binary file in two thousand begins so.
TEST_CASE("a binary file whose first value looks like a number's digits is binary still") {
  for (const char* first_value : {"5 \x80?", "7\n\x80?", "-3\r?", "12\t?", "1.5 "}) {
    Rows rows = random_rows(20, 50, 14);
    std::memcpy(rows[0].values.data(), first_value, 4);
    for (const std::string row_end : {"\n", ""}) check_loads_binary(binary_of(rows, 50, row_end), rows);
  }
}

TEST_CASE("text is read with the line ends, marks and blanks that tools leave") {
  const Rows rows = {{"\xce\xba\xcf\x8c\xcf\x83", {0.5f, -0.25f}}, {"b", {1, 2}}, {"c", {-1e-3f, 0.5f}}};
  const std::string lines[] = {"3 2", "\xce\xba\xcf\x8c\xcf\x83 0.5 -0.25", "b 1 2", "c -1e-3 .5"};
  const auto joined = [&lines](const std::string& line_end) {
    std::string file;
    for (const std::string& line : lines) file += line + line_end;
    return file;
  };
  for (const char* line_end : {"\n", "\r\n", " \n", " \r\n", "  \n"}) {
    CAPTURE(line_end);
    const std::string file = joined(line_end);
    check_loads_text(file, rows);
    check_loads_text("\xef\xbb\xbf" + file, rows);
    check_loads_text(file.substr(0, file.size() - 1), rows);  // no final newline
    check_loads_text(file + line_end + line_end, rows);       // blank lines at the end
  }
  check_loads_text(" 3  2\na 1   2\nb\t3\t4\t\nc +5e0 6. \t \n", {{"a", {1, 2}}, {"b", {3, 4}}, {"c", {5, 6}}});
  // The nearest float, also where that is 0 or hardly more.
  check_loads_text("1 4\na 1e-50 1e-45 0.1 -1e-60\n", {{"a", {0, from_bits(1), 0.1f, -0.0f}}});
}

TEST_CASE("a text row is split from its end: its word may hold blanks") {
  const Rows rows = {{"new york", {1, 2}}, {"area 51", {3, 4}}, {"a\tb  c ", {5, 6}}, {"1 2 3", {7, 8}}, {"", {9, 10}}};
  for (size_t first = 0; first < rows.size(); ++first) {
    Rows rotated = rows;
    std::rotate(rotated.begin(), rotated.begin() + static_cast<std::ptrdiff_t>(first), rotated.end());
    check_loads_text(text_of(rotated, 2), rotated);
  }
}

TEST_CASE("the first of two rows with one word wins, the others are counted") {
  Rows all = random_rows(5000, 3, 2), distinct;
  for (size_t i = 0; i < all.size(); ++i) {
    for (float& value : all[i].values) value = std::round(value * 64) / 64;  // six decimals hold it
    if (i % 5 == 4) all[i].word = all[i / 2].word;
    const bool first = i % 5 != 4;
    if (first) distinct.push_back(all[i]);
  }
  check_loads_binary(binary_of(all, 3), distinct, 1000);
  check_loads_binary(binary_of(all, 3, ""), distinct, 1000);
  check_loads_text(text_of(all, 3), distinct, 1000);
  check_loads_text("3 1\na 1\na 2\na 3\n", {{"a", {1}}}, 2);
}

TEST_CASE("a file of no rows has its dimensions") {
  for (const char* content : {"0 5\n", "0 5\r\n", "0 5\n\n"}) {
    const LoadedVectors loaded = load(content);
    CHECK(loaded.store->size() == 0);
    CHECK(loaded.store->dims() == 5);
  }
  for (const Saver* saver : {&binary, &text}) CHECK(saved(*saver, *store_of({}, 5)) == "0 5\n");
  CHECK(saved(vocabulary, *store_of({}, 5)) == "");
}

TEST_CASE("saved files are those of word2vec.c, byte by byte") {
  Rows rows = random_rows(20000, 2, 3);
  const float values[] = {0,        -0.0f,        1,          -1,         0.5e-6f,     -0.4e-6f,
                          1e-30f,   123456.789f,  16777216,   9.9999995f, 1e20f,       3.4e38f,
                          -3.4e38f, from_bits(1), 0.0000015f, 0.9999995f, 0.99999945f, 2.5e-6f};
  for (size_t i = 0; i < std::size(values); ++i) rows[i].values = {values[i], -values[i]};
  CHECK((saved(binary, *store_of(rows, 2)) == binary_of(rows, 2)));
  CHECK((saved(text, *store_of(rows, 2)) == text_of(rows, 2)));
  CHECK(saved(binary, *store_of({{"ab", {1, -2}}, {"</s>", {0, 0}}}, 2)) ==
        "2 2\nab \x00\x00\x80\x3f\x00\x00\x00\xc0\n</s> \x00\x00\x00\x00\x00\x00\x00\x00\n"s);
  CHECK(saved(text, *store_of({{"ab", {1, -2}}, {"</s>", {0, 0.1f}}}, 2)) ==
        "2 2\nab 1.000000 -2.000000 \n</s> 0.000000 0.100000 \n");
}

TEST_CASE("a saved vocabulary has the words and their counts") {
  const std::vector<uint64_t> counts = {92070, 1, UINT64_MAX};
  CHECK(saved(vocabulary, *store_of(three_rows, 2, counts)) == "the 92070\nof 1\n</s> 18446744073709551615\n");
  CHECK(saved(vocabulary, *store_of(three_rows, 2)) == "the 0\nof 0\n</s> 0\n");  // counts unknown
}

TEST_CASE("words of any bytes and values of any size survive saving and loading") {
  const std::vector<std::string> words = unusual_words();
  for (size_t first = 0; first < words.size(); ++first) {  // each is once what the format is told by
    Rows rows;
    for (size_t i = 0; i < words.size(); ++i)
      rows.push_back({words[(first + i) % words.size()], {static_cast<float>(i), -0.5f, 1024}});
    CAPTURE(first);
    check_loads_binary(saved(binary, *store_of(rows, 3)), rows);
    check_loads_text(saved(text, *store_of(rows, 3)), rows);
  }
}

TEST_CASE("binary keeps every bit, text as much as six decimals hold") {
  for (const size_t dims : {1, 15, 16, 17, 100}) {
    Rows rows = random_rows(50, dims, 4);
    std::mt19937 random(5);
    for (size_t i = 25; i < rows.size(); ++i)  // floats of all magnitudes
      for (float& value : rows[i].values) do
          value = from_bits(static_cast<uint32_t>(random()));
        while (!std::isfinite(value));
    CAPTURE(dims);
    check_loads_binary(saved(binary, *store_of(rows, dims)), rows);

    const std::string once = saved(text, *store_of(rows, dims));
    const LoadedVectors loaded = load(once);
    const Rows read_back = rows_of(*loaded.store);
    double worst = 0;
    for (size_t i = 0; i < rows.size(); ++i)
      for (size_t d = 0; d < dims; ++d) {
        const double value = rows[i].values[d];
        worst = std::max(worst, std::abs(read_back[i].values[d] - value) - std::abs(value) * 0x1p-24);
      }
    CHECK(worst <= 0.5e-6);
    CHECK((saved(text, *loaded.store) == once));
  }
}

TEST_CASE("a file cut anywhere is refused, but for the final newline") {
  Rows rows = three_rows;
  rows.push_back({"blanks", {from_bits(0x0a200a20), from_bits(0x20200a0a)}});
  struct Cut {
    std::string content;
    size_t may_lack;  // bytes at the end that say nothing
  };
  const Cut cuts[] = {
      {binary_of(rows, 2), 1},
      {binary_of(rows, 2, ""), 0},
      // A number that is cut is a number still: only values of one digit leave no doubt.
      {"3 2\nthe 0.5 -0.25\nof 1 2\nnew york 3 4\n", 1},
      {"3 2\nthe 0.500000 -0.250000 \nof 1 2 \n</s> 3 4 \n", 2},
      {"3 2\r\nthe 0.5 -0.25\r\nof 1 2\r\n</s> 3 4\r\n", 2},
  };
  for (const Cut& cut : cuts)
    for (size_t size = 0; size < cut.content.size(); ++size) {
      const TestFile file(std::string_view(cut.content).substr(0, size));
      CAPTURE(cut.content);
      CAPTURE(size);
      if (size + cut.may_lack < cut.content.size())
        CHECK(refuses_content(load_code(file)));
      else
        CHECK((rows_of(*file.load().store) == rows_of(*load(cut.content).store)));
    }
}

TEST_CASE("messages of cut files tell what was promised and where the file ends") {
  const std::string binary_file = binary_of(three_rows, 2), text_file = text_of(three_rows, 2);
  CHECK_CODE(load(binary_file.substr(0, binary_file.size() - 5)), code::vector_truncated, "3 rows of 2 values");
  CHECK_CODE(load(binary_file.substr(0, binary_file.size() - 5)), code::vector_truncated, "row 3");
  CHECK_CODE(load(text_file.substr(0, text_file.size() - 12)), code::vector_truncated, "line 4");
  CHECK_CODE(load("9 2\n" + text_file.substr(4)), code::vector_truncated, "9 rows of 2 values");
  CHECK_CODE(load("1 2\n"s + std::string(10000, 'x')), code::vector_truncated, "1 rows of 2 values");  // no space
}

TEST_CASE("a header that promises too much or nothing sensible is refused before memory is asked for") {
  const std::string body = binary_of(three_rows, 2).substr(4) + std::string(1000, 'x');
  for (const char* line : {"1152921504606846976 2",
                           "4294967295 1",
                           "2 1152921504606846976",
                           "2 2147483649",
                           "1152921504606846976 1152921504606846976",
                           "18446744073709551615 1",
                           "18446744073709551616 2",
                           "2 18446744073709551616",
                           "-3 2",
                           "3 -2",
                           "3 0",
                           "+3 2",
                           "3",
                           "3 2 1",
                           "3 2x",
                           "x3 2",
                           "3,2",
                           "3.0 2",
                           "0x3 2",
                           "the 92070",
                           "the 0.1 0.2",
                           "",
                           " ",
                           "\r",
                           "\xef\xbb\xbf",
                           "3 \xef\xbb\xbf"
                           "2"}) {
    CAPTURE(line);
    const TestFile file(std::string(line) + "\n" + body);
    CHECK(load_code(file) == code::vector_format);
  }
  for (const char* line : {"4294967294 2", "4000000000 1", "2 2147483648", "600 1"}) {
    CAPTURE(line);
    const TestFile file(std::string(line) + "\n" + body);
    CHECK(load_code(file) == code::vector_truncated);
  }
  for (const std::string& content :
       {""s, "\n"s, "3 2"s, "\xef\xbb\xbf"s, std::string(1000, '1'), std::string(1000, ' '), std::string(1000, '\0')})
    CHECK(load_code(TestFile(content)) == code::vector_format);
}

TEST_CASE("bytes after the last row are refused") {
  const Rows more = {{"more", {1, 2}}};
  const std::string row = binary_of(more, 2).substr(4);
  for (const std::string row_end : {"\n", ""})
    for (const std::string& rest : {"x"s, " "s, "\nx"s, "\0"s, row, row.substr(0, 5)})
      CHECK_CODE(load(binary_of(three_rows, 2, row_end) + rest), code::vector_format, "3 rows");
  for (const char* rest : {"more 1 2\n", "more 1 2", "x", "\nx\n", "\n\nmore 1 2\n"})
    CHECK_CODE(load(text_of(three_rows, 2) + rest), code::vector_format, "line 5");
}

TEST_CASE("rows that are not finite are counted, in strict mode the first is an error") {
  LoadOptions strict;
  strict.strict = true;
  for (const float value : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                            std::numeric_limits<float>::quiet_NaN(), from_bits(0xff800001)})
    for (const size_t row : {0, 1023, 1024, 2499})
      for (const size_t d : {0, 18}) {
        Rows rows = random_rows(2500, 19, 7);
        rows[row].values[d] = value;
        rows[2000].values[3] = value;
        const size_t first = std::min<size_t>(row, 2000);
        CAPTURE(value);
        CAPTURE(row);
        for (const std::string& content : {binary_of(rows, 19), text_of(rows, 19)}) {
          CHECK(load(content).non_finite_rows == 2);
          CHECK(load(content).store->size() == 2500);
          CHECK_CODE(load(content, strict), code::vector_format, "'w" + std::to_string(first) + "'");
          CHECK_CODE(load(content, strict), code::vector_format, "row " + std::to_string(first + 1));
        }
      }
  for (const char* value : {"nan", "inf", "-inf", "Infinity", "1e39", "-1e999"}) {
    CAPTURE(value);
    CHECK(load("3 2\na 1 2\nb 1 "s + value + "\nc 1 2\n").non_finite_rows == 1);
    CHECK_CODE(load("3 2\na 1 2\nb 1 "s + value + "\nc 1 2\n", strict), code::vector_format, "'b'");
  }
}

TEST_CASE("of several faults the first in the file is told, whichever thread finds one first") {
  std::string rows;
  for (int i = 0; i < 9000; ++i)  // the last row of one thread's block and the first of the next one's
    rows += "w" + std::to_string(i) + (i == 3071 || i == 3072 || i == 8000 ? " x" : " 1") + " 2\n";
  for (int i = 0; i < 5; ++i) CHECK_CODE(load("9000 2\n" + rows), code::vector_format, "line 3073");
}

TEST_CASE("words that are not UTF-8 are repaired, or an error, as asked for") {
  const Rows rows = {{"caf\xe9", {1, 2}}, {"\xff\xfex", {3, 4}}, {"caf\xe8", {5, 6}}, {"caf", {7, 8}}, {"ok", {9, 10}}};
  const std::string mark = "\xef\xbf\xbd";
  for (const std::string& content : {binary_of(rows, 2), binary_of(rows, 2, ""), text_of(rows, 2)}) {
    const TestFile file(content);
    for (const bool map : {true, false}) {
      LoadOptions options;
      options.map = map;
      LoadedVectors loaded = file.load(options);
      CHECK(loaded.invalid_words == 3);
      CHECK(loaded.duplicate_words == 1);
      CHECK((rows_of(*loaded.store) ==
             Rows{{"caf" + mark, {1, 2}}, {mark + mark + "x", {3, 4}}, {"caf", {7, 8}}, {"ok", {9, 10}}}));
      CHECK(loaded.store->find("ok") == 3);
      options.encoding_errors = EncodingErrors::ignore;
      loaded = file.load(options);
      CHECK(loaded.duplicate_words == 2);
      CHECK((rows_of(*loaded.store) == Rows{{"caf", {1, 2}}, {"x", {3, 4}}, {"ok", {9, 10}}}));
      options.encoding_errors = EncodingErrors::strict;
      CHECK_CODE(file.load(options), code::vector_encoding, "row 1");
    }
  }
}

TEST_CASE("a limit reads the first rows only") {
  const Rows all = random_rows(2500, 3, 17);
  for (const std::string& content :
       {binary_of(all, 3), binary_of(all, 3, ""), text_of(all, 3), text_of(all, 3).substr(7)})
    for (const size_t limit : {0, 1, 1024, 2499, 2500, 9999}) {
      LoadOptions options;
      options.limit = limit;
      const LoadedVectors loaded = load(content, options);
      CAPTURE(limit);
      CHECK(loaded.store->size() == std::min<size_t>(limit, 2500));
      CHECK(loaded.store->dims() == 3);
      CHECK(loaded.missing_rows == 0);
      if (limit > 0) CHECK(loaded.store->word(loaded.store->size() - 1) == all[loaded.store->size() - 1].word);
      // What comes behind is not looked at, and need not be there.
      if (limit < 2400) CHECK(load(content.substr(0, content.size() - 20), options).store->size() == limit);
    }
}

TEST_CASE("of a stream is known when it has the rows that are wanted") {
  const Rows all = random_rows(20000, 30, 18);
  for (const std::string& content :
       {binary_of(all, 30), binary_of(all, 30, ""), text_of(all, 30), text_of(all, 30).substr(9)}) {
    CHECK(!holds_rows(content.substr(0, 1000), 1));  // too little to tell the format
    CHECK(holds_rows(content, 20000));
    CHECK(!holds_rows(content, 20001));
    const std::string half = content.substr(0, content.size() / 2);
    CHECK(holds_rows(half, 5000));
    CHECK(!holds_rows(half, 15000));
  }
}

TEST_CASE("of a truncated file the whole rows can be had") {
  const Rows all = random_rows(1500, 3, 19);
  LoadOptions options;
  options.allow_truncated = true;
  for (const bool map : {true, false})
    for (const std::string& content : {binary_of(all, 3), binary_of(all, 3, ""), text_of(all, 3)}) {
      options.map = map;
      for (const size_t cut : {1, 5, 11, 12, 13, 20, 1000}) {
        const LoadedVectors loaded = load(content.substr(0, content.size() - cut), options);
        CAPTURE(cut);
        CHECK(loaded.store->size() + loaded.missing_rows == 1500);
        CHECK(loaded.missing_rows <= cut / 15 + 2);
        Rows rows = rows_of(*loaded.store);
        rows.resize(rows.size() - 1);  // the last value of a text may be cut inside
        CHECK(std::equal(rows.begin(), rows.end(), rows_of(*load(content).store).begin()));
      }
      CHECK(load(content.substr(0, 10), options).missing_rows == 1500);
    }
  CHECK(load("1000000000 1000000\n"s + std::string(1000, 'x'), options).missing_rows == 1000000000);
}

TEST_CASE("GloVe's text has no header: its dimensions are those of its words without spaces") {
  const Rows rows = {{"the", {0.5f, -0.25f, 3}}, {". . .", {1, 2, 3}}, {"new york", {4, 5, 6}}, {"1", {7, 8, 9}}};
  std::string text = text_of(rows, 3);
  text = text.substr(text.find('\n') + 1);
  check_loads(text, VectorFormat::glove_text, rows);
  check_loads("\xef\xbb\xbf" + text, VectorFormat::glove_text, rows);
  check_loads(text.substr(0, text.size() - 2), VectorFormat::glove_text, rows);
  CHECK_CODE(load("a 1 2 3\nb 1 x 3\n"), code::vector_format, "line 2");
  CHECK_CODE(load("the 92070\nof 1\n"), code::vector_format, "rows dimensions");  // a vocabulary
  const TestFile file;
  TaskControl control;
  save_vectors(*store_of({{"a", {1, -2}}, {"b", {0, 0.5f}}}, 2), file.path(), VectorFormat::glove_text, control);
  CHECK(file.content() == "a 1.000000 -2.000000 \nb 0.000000 0.500000 \n");
}

TEST_CASE("a mapped file that is written to or cut is noticed, one that is replaced is not touched") {
  const std::string content = binary_of(random_rows(2000, 30, 20), 30);
  for (const bool cut : {true, false}) {
    const TestFile file(content);
    const LoadedVectors loaded = file.load();
    loaded.store->check_unchanged();
    if (cut)
      std::filesystem::resize_file(file.path(), 5000);
    else
      std::fstream(file.path(), std::ios::in | std::ios::out | std::ios::binary) << "2001";
    CHECK_CODE(loaded.store->check_unchanged(), code::file_changed, file.path());
    TaskControl control;
    CHECK_CODE(save_vectors(*loaded.store, file.path() + "-copy", VectorFormat::google_binary, control),
               code::file_changed, "without mapping");
    CHECK_CODE(sorted_by_count(*loaded.store, control), code::file_changed, "without mapping");
    CHECK_CODE(model_of(*loaded.store, {}, control), code::file_changed, "without mapping");
  }
  const TestFile file(content);
  const LoadedVectors loaded = file.load();
  const Rows before = rows_of(*loaded.store);
  TaskControl control;
  save_vectors(*store_of(three_rows, 2), file.path(), VectorFormat::google_binary, control);
  loaded.store->check_unchanged();
  CHECK((rows_of(*loaded.store) == before));
}

TEST_CASE("a binary row whose first bytes are a number in text is binary all the same") {
  const float like_text = from_bits(0x41202033), large = from_bits(0x7f7fffff);  // "3  A", the largest
  const Rows rows = {{"!", {like_text, large, large, -large}}, {"b", {1, 2, 3, 4}}};
  check_loads_binary(binary_of(rows, 4), rows);
}

TEST_CASE("text with decimal commas is no binary file") {
  CHECK_CODE(load("3 2\na 0,1 0,2\nb 0,3 0,4\nc 0,5 0,6\n"), code::vector_format, "line 2");
  CHECK_CODE(load("2 3\r\na 0x1 2 3\r\nb 1 2 3\r\n"), code::vector_format, "line 2");
}

TEST_CASE("files that cannot be vectors are refused at once: paths with NUL, pipes") {
  const test::TemporaryFolder folder;
  TaskControl control;
  const std::string pipe = folder.file("pipe"), cut = folder.file("a"s + '\0' + "b");
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_CODE(load_vectors(pipe, {}, control), code::file_read, "regular file");
  CHECK_CODE(load_vectors(cut, {}, control), code::file_read, "without NUL");
  CHECK_CODE(save_vectors(*store_of(three_rows, 2), cut, VectorFormat::google_binary, control), code::file_write,
             "without NUL");
  CHECK(!std::filesystem::exists(folder.file("a")));
}

TEST_CASE("a file that is replaced keeps its permissions") {
  const TestFile file("private");
  TaskControl control;
  const auto mode = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  std::filesystem::permissions(file.path(), mode);
  save_vectors(*store_of(three_rows, 2), file.path(), VectorFormat::google_binary, control);
  CHECK(std::filesystem::status(file.path()).permissions() == mode);
}

TEST_CASE("a text row with a faulty value or too few of them is refused with its line") {
  for (const char* row :
       {"b 1", "b", "b 1 x", "b x 2", "b 1 2,5", "b 1 0x10", "b 1 1e", "b 1 -", "b 1 --2", "b 1 +-2", "b 1 2 x", ""}) {
    CAPTURE(row);
    CHECK_CODE(load("3 2\na 1 2\n"s + row + "\nc 5 6\n"), code::vector_format, "line 3");
    CHECK(refuses_content(load_code(TestFile("3 2\n"s + row + "\na 1 2\nc 5 6\n"))));  // the format is told by this row
    CHECK(load_code(TestFile("3 2\na 1 2\nc 5 6\n"s + row)) == code::vector_truncated);  // the end of the file
  }
}

TEST_CASE("other formats are refused by name") {
  const std::string rest = "\x01\x02\n and more\n" + std::string(500, '\x7f');
  CHECK_CODE(load("\x1f\x8b\x08" + rest), code::vector_format, "gzip");
  CHECK_CODE(load("\x80\x04\x95" + rest), code::vector_format, "pickle");
  CHECK_CODE(load("\xba\x16\x4f\x2f\x63" + rest), code::vector_format, "fastText");
}

// Under sanitizers this looks for reads out of bounds, otherwise for errors of other kinds.
TEST_CASE("files with damaged bytes load or are refused") {
  std::mt19937 random(9);
  for (const std::string& whole : {binary_of(three_rows, 2), binary_of(three_rows, 2, ""), text_of(three_rows, 2)}) {
    size_t other_errors = 0;
    for (int i = 0; i < 1500; ++i) {
      std::string damaged = whole;
      for (unsigned n = 1 + static_cast<unsigned>(random() % 3); n > 0; --n) {
        const size_t at = random() % damaged.size();
        const char byte = random() % 2 == 0 ? static_cast<char>(random() % 256) : "0123456789 \n\r\t.-"[random() % 16];
        if (random() % 3 == 0)
          damaged.erase(at, 1 + random() % 4);
        else
          damaged[at] = byte;
        if (damaged.empty()) break;
      }
      const std::string code = load_code(TestFile(damaged));
      other_errors += !(code.empty() || refuses_content(code));
    }
    CHECK(other_errors == 0);
  }
}

TEST_CASE("files that cannot be opened") {
  const TestFile none;
  CHECK(load_code(none) == code::file_not_found);
  TaskControl control;
  const test::TemporaryFolder folder;
  CHECK_CODE(load_vectors(folder.path(), {}, control), code::file_read, folder.path());
  for (const Saver& saver : every_saver) {
    CAPTURE(saver.name);
    const auto store = store_of(three_rows, 2);
    CHECK_CODE(saver.save(*store, folder.file("no/such/folder"), control), code::file_write, "no/such/folder");
    std::filesystem::create_directory(folder.file("taken"));
    CHECK_CODE(saver.save(*store, folder.file("taken"), control), code::file_write, "taken");
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
}

TEST_CASE("saving replaces the file that was there") {
  for (const Saver& saver : every_saver) {
    const TestFile file("what was there, which is longer than what comes: " + std::string(1000, 'x'));
    TaskControl control;
    saver.save(*store_of(three_rows, 2), file.path(), control);
    CHECK(file.content() == saved(saver, *store_of(three_rows, 2)));
    CHECK(file.files_in_folder() == 1);
  }
}

// Files of this process may not grow beyond a limit: to a writer it looks like a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    old_action_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_limit_);
    rlimit limit = old_limit_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_limit_);
    std::signal(SIGXFSZ, old_action_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit old_limit_;
  void (*old_action_)(int);
};

TEST_CASE("a full disk: the error says so, the old file stays and no temporary one") {
  // One failure when the buffer is written at the end, one in the middle.
  for (const size_t n_rows : {20000, 300000}) {
    const auto store = store_of(random_rows(n_rows, 1, 10), 1);
    for (const Saver& saver : every_saver) {
      const auto save = [&](const std::string& path) {
        const FileSizeLimit limit(64 << 10);
        TaskControl control;
        saver.save(*store, path, control);
      };
      CAPTURE(saver.name);
      CAPTURE(n_rows);
      check_fails_without_trace(save, code::file_write, "File too large");
    }
  }
}

TEST_CASE("words with a separator in them cannot be saved: nothing is written") {
  for (const char separator : {' ', '\t', '\n', '\r'})
    for (const std::string& word : {""s + separator, "a"s + separator, separator + "a"s, "a"s + separator + "b"})
      for (const Saver& saver : every_saver) {
        Rows rows = random_rows(2000, 1, 11);
        rows[1500].word = word;
        const auto store = store_of(rows, 1);
        CAPTURE(saver.name);
        CAPTURE(word);
        check_fails_without_trace(
            [&](const std::string& path) {
              TaskControl control;
              saver.save(*store, path, control);
            },
            code::word_unwritable, "word 1500");
      }
}

void check_save_is_cancelled(const Saver& saver) {
  const auto store = store_of(random_rows(5000, 3, 12), 3);
  TaskControl control;
  control.cancelled = true;
  check_fails_without_trace([&](const std::string& path) { saver.save(*store, path, control); }, code::cancelled,
                            "cancelled");
}

TEST_CASE("a cancelled task throws, and writes nothing") {
  const Rows rows = random_rows(5000, 3, 12);
  TaskControl control;
  control.cancelled = true;
  for (const std::string& content : {binary_of(rows, 3), text_of(rows, 3)}) {
    const TestFile file(content);
    CHECK_CODE(load_vectors(file.path(), {}, control), code::cancelled, "cancelled");
  }
  for (const Saver* saver : {&binary, &text}) {
    CAPTURE(saver->name);
    check_save_is_cancelled(*saver);
  }
}

TEST_CASE("cancelling the saving of a vocabulary") { check_save_is_cancelled(vocabulary); }

TEST_CASE("progress begins at its phase and reaches its total") {
  const Rows rows = random_rows(5000, 3, 13);
  Rows with_duplicates = rows;
  for (size_t i = 1; i < 5000; i += 2) with_duplicates[i].word = with_duplicates[i - 1].word;
  for (const std::string& content :
       {binary_of(rows, 3), text_of(rows, 3), binary_of(with_duplicates, 3, ""), text_of(with_duplicates, 3)}) {
    const TestFile file(content);
    TaskControl control;
    load_vectors(file.path(), {}, control);
    CHECK(control.phase == Phase::loading);
    CHECK(control.total > 0);
    CHECK(control.done == control.total.load());
  }
  for (const Saver* saver : {&binary, &text}) {
    const TestFile file;
    TaskControl control;
    saver->save(*store_of(rows, 3), file.path(), control);
    CAPTURE(saver->name);
    CHECK(control.phase == Phase::saving);
    CHECK(control.total == file.content().size());
    CHECK(control.done == control.total.load());
  }
}

// ---- files that other tools wrote ----

// `"name": { … "shape": [ rows, dims ] … }` of answers.json, which is printed with one space for each level.
std::map<std::string, std::pair<size_t, size_t>> shapes_of(const std::string& path) {
  std::map<std::string, std::pair<size_t, size_t>> shapes;
  std::ifstream file(path);
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("  \"") && line.ends_with("\": {")) name = line.substr(3, line.size() - 7);
    if (line != "   \"shape\": [") continue;
    std::string rows, dims;
    std::getline(file, rows);
    std::getline(file, dims);
    shapes[name] = {std::stoull(rows), std::stoull(dims)};
  }
  return shapes;
}

TEST_CASE("files that word2vec.c, gensim and fastText wrote") {
  const std::filesystem::path folder =
      std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path() / "shared/data/formats";
  if (!std::filesystem::exists(folder / "answers.json")) {
    MESSAGE("skipped: there is no ", folder.string(), " here");
    return;
  }
  auto shapes = shapes_of((folder / "answers.json").string());
  REQUIRE(shapes.size() >= 14);
  // gensim reads this, this package does not: more rows than the header says.
  CHECK(shapes.erase("too-many-rows.txt") == 1);
  // And the other way round: a byte order mark, a word that is not UTF-8.
  shapes["bom.txt"] = {3, 2};
  shapes["bad-utf8.bin"] = {2, 2};
  shapes["fasttext.bin"] = {936, 32};
  shapes["gensim.kv"] = shapes["gensim-sep.kv"] = {935, 48};
  TaskControl control;
  for (const auto& file : shapes) {
    const auto& [name, shape] = file;
    CAPTURE(file.first);
    const LoadedVectors loaded = load_vectors((folder / name).string(), {}, control);
    CHECK(loaded.store->size() + loaded.duplicate_words == shape.first);
    CHECK(loaded.store->dims() == shape.second);
    CHECK((loaded.format == (name == "fasttext.bin"   ? VectorFormat::fasttext
                             : name.ends_with(".bin") ? VectorFormat::google_binary
                             : name.ends_with(".kv")  ? VectorFormat::gensim
                             : name == "glove.txt"    ? VectorFormat::glove_text
                                                      : VectorFormat::google_text)));
  }
  for (const auto& file : std::map<std::string, std::string>{{"too-many-rows.txt", code::vector_format},
                                                             {"short-row.txt", code::vector_format},
                                                             {"gensim.vocab.txt", code::vector_format},
                                                             {"truncated.bin", code::vector_truncated},
                                                             {"truncated.txt", code::vector_truncated}}) {
    CAPTURE(file.first);
    CHECK_CODE(load_vectors((folder / file.first).string(), {}, control), file.second, file.first);
  }
}
