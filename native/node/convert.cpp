#include "node/convert.h"

namespace w2v::node {

VocabularySource to_vocabulary_source(const Napi::Object& js) {
  const auto count = [&js](const char* name) {
    return static_cast<uint64_t>(js.Get(name).As<Napi::Number>().DoubleValue());
  };
  VocabularySource source;
  source.limits = {count("minCount"), count("maxFinalVocab")};
  if (js.Get("stopWords").IsArray()) source.stop_words = to_strings(js.Get("stopWords"));
  if (js.Get("rules").IsTypedArray()) {
    const Napi::Uint8Array rules = js.Get("rules").As<Napi::Uint8Array>();
    for (size_t i = 0; i < rules.ElementLength(); ++i) source.rules.push_back(static_cast<TrimRule>(rules[i] % 3));
  }
  if (js.Get("readVocab").IsString()) source.read_vocab = js.Get("readVocab").As<Napi::String>().Utf8Value();
  return source;
}

const char* format_name(VectorFormat format) {
  switch (format) {
    case VectorFormat::google_binary_no_newline:
      return "bin-no-newline";
    case VectorFormat::google_text:
      return "text";
    case VectorFormat::glove_text:
      return "glove";
    case VectorFormat::npy:
      return "npy";
    case VectorFormat::gensim:
      return "gensim";
    case VectorFormat::fasttext:
      return "fasttext";
    case VectorFormat::tensorboard:
      return "tensorboard";
    case VectorFormat::w2v:
      return "w2v";
    case VectorFormat::google_binary:
      break;
  }
  return "bin";
}

VectorFormat to_format(const Napi::Value& value) {
  const std::string name = value.As<Napi::String>().Utf8Value();
  for (const VectorFormat format :
       {VectorFormat::google_binary_no_newline, VectorFormat::google_text, VectorFormat::glove_text, VectorFormat::npy,
        VectorFormat::gensim, VectorFormat::tensorboard, VectorFormat::w2v})
    if (name == format_name(format)) return format;
  return VectorFormat::google_binary;
}

Precision to_precision(const Napi::Value& value) {
  const std::string name = value.As<Napi::String>().Utf8Value();
  for (const Precision precision : {Precision::bfloat16, Precision::int8})
    if (name == precision_name(precision)) return precision;
  return Precision::float32;
}

const char* precision_name(Precision precision) {
  return precision == Precision::float32 ? "float32" : precision == Precision::bfloat16 ? "bf16" : "int8";
}

LoadOptions to_load_options(const Napi::Object& js) {
  const auto flag = [&js](const char* name) { return js.Get(name).As<Napi::Boolean>().Value(); };
  LoadOptions options;
  options.map = flag("mmap");
  if (js.Get("limit").IsNumber())
    options.limit = static_cast<uint64_t>(js.Get("limit").As<Napi::Number>().Int64Value());
  const std::string errors = js.Get("encodingErrors").As<Napi::String>().Utf8Value();
  options.encoding_errors = errors == "strict"   ? EncodingErrors::strict
                            : errors == "ignore" ? EncodingErrors::ignore
                                                 : EncodingErrors::replace;
  options.sidecar = flag("sidecar");
  if (js.Get("words").IsString()) options.words = js.Get("words").As<Napi::String>().Utf8Value();
  options.strict = flag("strict");
  options.allow_truncated = flag("allowTruncated");
  return options;
}

TrainingOptions to_training_options(const Napi::Object& js) {
  const auto number = [&js](const char* name) { return js.Get(name).As<Napi::Number>().DoubleValue(); };
  const auto flag = [&js](const char* name) { return js.Get(name).As<Napi::Boolean>().Value(); };
  TrainingOptions options;
  options.vector_size = static_cast<uint32_t>(number("vectorSize"));
  options.window = static_cast<uint32_t>(number("window"));
  options.skip_gram = flag("sg");
  options.hierarchical_softmax = flag("hs");
  options.negative = static_cast<uint32_t>(number("negative"));
  options.negatives =
      js.Get("negatives").As<Napi::String>().Utf8Value() == "shared" ? Negatives::shared : Negatives::per_pair;
  options.ns_exponent = number("nsExponent");
  options.cbow_mean = flag("cbowMean");
  options.sample = number("sample");
  options.epochs = static_cast<uint32_t>(number("epochs"));
  options.alpha = static_cast<float>(number("alpha"));
  if (js.Get("minAlpha").IsNumber()) options.min_alpha = static_cast<float>(number("minAlpha"));
  options.threads = static_cast<uint32_t>(number("threads"));
  options.seed = static_cast<uint64_t>(number("seed"));
  options.max_sentence_length = static_cast<uint32_t>(number("maxSentenceLength"));
  options.shrink_windows = flag("shrinkWindows");
  options.compute_loss = flag("computeLoss");
  options.epochs_before = static_cast<uint64_t>(number("epochsBefore"));
  const std::string backend = js.Get("backend").As<Napi::String>().Utf8Value();
  options.backend = backend == "cuda" ? Backend::cuda : backend == "cpu" ? Backend::cpu : Backend::automatic;
  const std::vector<uint32_t> devices = to_ids(js.Get("devices"));
  options.devices.assign(devices.begin(), devices.end());
  return options;
}

Framing to_framing(const Napi::Value& name) {
  return name.As<Napi::String>().Utf8Value() == "tokens" ? Framing::tokens : Framing::lines;
}

std::vector<std::string> to_strings(const Napi::Value& value) {
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); ++i) strings.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  return strings;
}

std::vector<float> to_floats(const Napi::Value& value) {
  const Napi::Float32Array array = value.As<Napi::Float32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

std::vector<uint32_t> to_ids(const Napi::Value& value) {
  const Napi::Uint32Array array = value.As<Napi::Uint32Array>();
  return {array.Data(), array.Data() + array.ElementLength()};
}

}  // namespace w2v::node
