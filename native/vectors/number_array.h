// NumPy's arrays of numbers, and the stores that are made of them (internal to this folder).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vectors/format.h"

namespace w2v {

// A view of an array as it lies in a file.
struct NumberArray {
  std::string type;  // NumPy's name with the order of bytes: "<f4"
  std::vector<uint64_t> shape;
  bool column_major = false;
  std::string_view bytes;
  std::shared_ptr<const void> owner;       // of the bytes
  std::shared_ptr<const MappedFile> file;  // where they are mapped from one
  std::string path;                        // for messages

  // Throws ERR_W2V_VECTOR_FORMAT, ERR_W2V_VECTOR_TRUNCATED: where the type is unknown, or the bytes are too few for the
  // shape.
  void check() const;
  size_t value_bytes() const;
  double value(size_t i) const;  // of the i-th number in the order of the bytes
};

// Of the bytes of a .npy file (NumPy Enhancement Proposal 1, versions 1 to 3). Throws as check().
NumberArray read_npy(std::string_view bytes, std::shared_ptr<const void> owner, std::shared_ptr<const MappedFile> file,
                     const std::string& path);

// The store of words and their rows: float32 rows that lie one after the other stay in place (LoadOptions::map), others
// become floats in memory. The first of equal words wins. `counts` are empty or one a word. Throws
// ERR_W2V_VECTOR_FORMAT where the words are not as many as the rows.
LoadedVectors store_of_array(const VectorSource& source, const std::vector<std::string_view>& words,
                             const NumberArray& rows, const std::vector<uint64_t>& counts, TaskControl& control);

}  // namespace w2v
