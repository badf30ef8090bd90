// The words of a store and their index, as sections of our own files (internal to this folder).
#pragma once

#include "base/section_file.h"
#include "base/task_control.h"
#include "vectors/format.h"
#include "vectors/vector_store.h"

namespace w2v {

// Calls f(0) … f(rows − 1) for a store that is being written: cancellable, and a mapped file that changes is noticed.
template <class F>
void for_each_row(const VectorStore& store, TaskControl& control, F&& f) {
  for (size_t i = 0; i < store.size(); ++i) {
    if (i % rows_per_block == 0) {
      control.check_cancelled();
      store.check_unchanged();
    }
    f(i);
  }
}

// The sections 'word ends', 'words' and 'word index' (docs/format.md).
void write_words(const VectorStore& store, SectionFileWriter& writer, TaskControl& control);

// Sets the words of `parts` to those of the file, `size` of them; their ends have been checked, the slots have not:
// VectorStore::find() does not believe them. Throws ERR_W2V_VECTOR_FORMAT.
void read_words(const SectionFile& file, uint64_t size, VectorStore::Parts& parts);

}  // namespace w2v
