// Arguments and results between JavaScript and C++. lib/ has validated types: sizes are checked here.
#pragma once

#include <napi.h>

#include <span>
#include <string>
#include <vector>

#include "corpus/text.h"
#include "corpus/vocabulary.h"
#include "model/options.h"
#include "vectors/vector_file.h"

namespace w2v::node {

VocabularySource to_vocabulary_source(const Napi::Object& options);
// The names of binding.d.ts.
const char* format_name(VectorFormat format);
VectorFormat to_format(const Napi::Value& name);
Precision to_precision(const Napi::Value& name);
const char* precision_name(Precision precision);
LoadOptions to_load_options(const Napi::Object& options);
TrainingOptions to_training_options(const Napi::Object& options);
Framing to_framing(const Napi::Value& name);
std::vector<std::string> to_strings(const Napi::Value& array);
// A copy: the caller may change the array while native threads read.
std::vector<float> to_floats(const Napi::Value& array);
std::vector<uint32_t> to_ids(const Napi::Value& array);

template <class Array, class T>
Napi::Value to_typed_array(Napi::Env env, std::span<const T> values) {
  Array array = Array::New(env, values.size());
  std::copy(values.begin(), values.end(), array.Data());
  return array;
}

}  // namespace w2v::node
