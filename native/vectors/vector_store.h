// The word → vector store.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/matrix.h"
#include "base/section_file.h"
#include "base/task_control.h"
#include "corpus/word_index.h"
#include "vectors/quantized_rows.h"
#include "vectors/subwords.h"

namespace w2v {

// Words, one vector each, and their counts where known: in memory, or in a mapped file as they lie there. Immutable
// once made, but for what the first search that needs it computes: norms, rows of fewer bits; safe to use from several
// threads.
class VectorStore {
 public:
  // Views of where everything lies; `owner` keeps it there.
  struct Parts {
    std::shared_ptr<const void> owner;
    size_t size = 0;
    size_t dims = 0;
    // Row i: `dims` floats, of any alignment, from rows + row_offsets[i] on; without offsets, from rows + i · row_pitch
    // on.
    const char* rows = nullptr;
    size_t row_pitch = 0;
    std::span<const uint64_t> row_offsets;
    // The same rows with fewer bits, where there are such: beside `rows`, or in their place.
    std::optional<QuantizedRows> bfloat16, int8;
    // Word i: without lengths, what ends at words + word_ends[i] and begins where the one before ends. With lengths, so
    // many bytes that end one byte before row i.
    const char* words = nullptr;
    std::span<const uint64_t> word_ends;
    std::span<const uint32_t> word_lengths;
    std::span<const WordSlot> slots;       // finds words (word_index.h)
    std::span<const uint64_t> counts;      // one per word, or empty
    std::span<const float> inverse_norms;  // as inverse_norms() gives them, with non_finite_rows; empty: to be computed
    uint64_t non_finite_rows = 0;
    std::vector<SectionFile::Section> sections;      // of the file, where it has checksums
    std::shared_ptr<const MappedFile> file;          // where rows or words lie in one
    std::shared_ptr<const SubwordVectors> subwords;  // for words that are not there
  };
  explicit VectorStore(Parts parts);

  // Row i belongs to word i; rows beyond the last word are ignored. `counts` is empty or has one count per word.
  // `subwords` may lie in `file`.
  VectorStore(WordIndex words, Matrix rows, std::vector<uint64_t> counts,
              std::shared_ptr<const SubwordVectors> subwords = nullptr,
              std::shared_ptr<const MappedFile> file = nullptr);

  size_t size() const { return parts_.size; }
  size_t dims() const { return parts_.dims; }
  // float32 where such rows are there; else that of the best that are.
  Precision precision() const {
    return has(Precision::float32)    ? Precision::float32
           : has(Precision::bfloat16) ? Precision::bfloat16
                                      : Precision::int8;
  }
  bool has(Precision rows) const {
    return rows == Precision::bfloat16 ? parts_.bfloat16.has_value()
           : rows == Precision::int8   ? parts_.int8.has_value()
                                       : parts_.rows != nullptr || (!parts_.bfloat16 && !parts_.int8);
  }
  // Of a store with float32 rows: `dims` floats, of any alignment, for the kernels.
  const char* row(size_t i) const {
    return parts_.rows + (parts_.row_offsets.empty() ? i * parts_.row_pitch : parts_.row_offsets[i]);
  }
  // Bytes from one of these rows to the next, all in one block that begins with row(0); 0: they do not lie like that.
  size_t rows_pitch() const { return parts_.rows != nullptr && parts_.row_offsets.empty() ? parts_.row_pitch : 0; }
  // Of any store.
  void copy_row(size_t i, float* to) const {
    if (has(Precision::float32))
      std::memcpy(to, row(i), dims() * sizeof(float));
    else
      (parts_.bfloat16 ? parts_.bfloat16 : parts_.int8)->widen(i, dims(), to);
  }
  // Rows of bfloat16 or int8; made by all processors at the first call where the store has none. Throws ERR_W2V_MEMORY,
  // ERR_W2V_CANCELLED.
  const QuantizedRows& quantized(Precision precision, const TaskControl& control) const;
  std::string_view word(size_t i) const;
  uint32_t find(std::string_view word) const;  // WordIndex::none if absent
  bool has_counts() const { return !parts_.counts.empty(); }
  uint64_t count(size_t i) const { return parts_.counts.empty() ? 0 : parts_.counts[i]; }
  const std::vector<SectionFile::Section>& sections() const { return parts_.sections; }
  const SubwordVectors* subwords() const { return parts_.subwords.get(); }
  bool is_mapped() const { return parts_.file != nullptr; }

  // Throws ERR_W2V_FILE_CHANGED where the mapped file has another size or time than when it was opened: what is mapped
  // may be gone. To be called before rows are read; a file that is cut in the same moment is noticed by no one.
  void check_unchanged() const {
    if (parts_.file) parts_.file->check_unchanged();
  }

  // 1 / ‖row‖ of every row; 0 for a zero row. NaN for a row so long or so short (beyond 2^±60) that products of
  // floats overflow or vanish: its cosine must be computed in double.
  std::span<const float> inverse_norms() const;
  // Rows with NaN or infinity. Computed with the norms.
  uint64_t non_finite_rows() const;

 private:
  Parts parts_;
  struct MadeRows {
    std::once_flag once;
    Matrix values;
    std::vector<float> scales;
    QuantizedRows view;
  };
  mutable MadeRows made_bfloat16_, made_int8_;
  mutable std::once_flag norms_once_;
  mutable std::vector<float> computed_norms_;
  mutable uint64_t non_finite_rows_ = 0;
};

// ‖row‖ of `dims` floats of any alignment, summed in double.
double norm(const void* row, size_t dims);

}  // namespace w2v
