// A word index in a file of sections: two of them.
#pragma once

#include <string_view>

#include "base/section_file.h"
#include "corpus/word_index.h"

namespace w2v {

// Where each word ends, 8 bytes each; and all words, one after the other.
void write_words(const WordIndex& words, std::string_view ends_name, std::string_view bytes_name,
                 SectionFileWriter& writer);

// Throws ERR_W2V_VECTOR_FORMAT where they are not `size` different words.
WordIndex read_words(const SectionFile& file, std::string_view ends_name, std::string_view bytes_name, uint64_t size);

}  // namespace w2v
