// The word → vector store.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mapped_file.h"
#include "base/matrix.h"
#include "base/section_file.h"
#include "corpus/word_index.h"

namespace w2v {

// Words, one vector each, and their counts where known: in memory, or in a mapped file as they lie there. Immutable
// once made, but for the norms, which are computed at the first search; safe to use from several threads.
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
    // Word i: without lengths, what ends at words + word_ends[i] and begins where the one before ends. With lengths, so
    // many bytes that end one byte before row i.
    const char* words = nullptr;
    std::span<const uint64_t> word_ends;
    std::span<const uint32_t> word_lengths;
    std::span<const WordSlot> slots;       // finds words (word_index.h)
    std::span<const uint64_t> counts;      // one per word, or empty
    std::span<const float> inverse_norms;  // as inverse_norms() gives them, with non_finite_rows; empty: to be computed
    uint64_t non_finite_rows = 0;
    std::vector<SectionFile::Section> sections;  // of the file, where it has checksums
    std::shared_ptr<const MappedFile> file;      // where rows or words lie in one
  };
  explicit VectorStore(Parts parts);

  // Row i belongs to word i; rows beyond the last word are ignored. `counts` is empty or has one count per word.
  VectorStore(WordIndex words, Matrix rows, std::vector<uint64_t> counts);

  size_t size() const { return parts_.size; }
  size_t dims() const { return parts_.dims; }
  // `dims` floats, of any alignment: for copy_row() and the kernels.
  const char* row(size_t i) const {
    return parts_.rows + (parts_.row_offsets.empty() ? i * parts_.row_pitch : parts_.row_offsets[i]);
  }
  void copy_row(size_t i, float* to) const { std::memcpy(to, row(i), dims() * sizeof(float)); }
  std::string_view word(size_t i) const;
  uint32_t find(std::string_view word) const;  // WordIndex::none if absent
  bool has_counts() const { return !parts_.counts.empty(); }
  uint64_t count(size_t i) const { return parts_.counts.empty() ? 0 : parts_.counts[i]; }
  const std::vector<SectionFile::Section>& sections() const { return parts_.sections; }
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
  mutable std::once_flag norms_once_;
  mutable std::vector<float> computed_norms_;
  mutable uint64_t non_finite_rows_ = 0;
};

// A store of its own memory. Throws ERR_W2V_MEMORY, ERR_W2V_VECTOR_FORMAT for a word that comes twice.
std::shared_ptr<const VectorStore> copied(const VectorStore& store);

// ‖row‖ of `dims` floats of any alignment, summed in double.
double norm(const void* row, size_t dims);

}  // namespace w2v
