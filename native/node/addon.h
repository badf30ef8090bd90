// What one environment (the main thread or a worker) keeps of the addon.
#pragma once

#include <napi.h>

namespace w2v::node {

struct AddonData {
  Napi::FunctionReference corpus;  // constructors
  Napi::FunctionReference model;
  Napi::FunctionReference training;
  Napi::FunctionReference phrase_counts;
  Napi::FunctionReference frozen_phrases;
  Napi::FunctionReference phrase_joiner;
  Napi::FunctionReference vector_store;
  Napi::FunctionReference vector_index;
  Napi::FunctionReference byte_buffer;
  Napi::FunctionReference tagged_text;
  Napi::FunctionReference sequence_tagger;
  Napi::FunctionReference texts;
  Napi::FunctionReference labelled_text;
  Napi::FunctionReference classifier;
};

}  // namespace w2v::node
