#include "node/phrases_object.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "base/error.h"
#include "node/addon.h"
#include "node/convert.h"
#include "node/job.h"

namespace w2v::node {

namespace {

using FrozenHandle = std::shared_ptr<const FrozenPhrases>;

ToJs bytes_result(std::string bytes) {
  return [bytes = std::move(bytes)](Napi::Env env) -> Napi::Value {
    return Napi::Buffer<char>::Copy(env, bytes.data(), bytes.size());
  };
}

std::string text_of(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

Napi::String to_js_string(Napi::Env env, std::string_view text) {
  return Napi::String::New(env, text.data(), text.size());
}

}  // namespace

// ---- counts ----

Napi::Function PhraseCountsObject::define(Napi::Env env) {
  return DefineClass(
      env, "PhraseCounts",
      {InstanceAccessor<&PhraseCountsObject::words>("words"),
       InstanceMethod<&PhraseCountsObject::append_files>("appendFiles"),
       InstanceMethod<&PhraseCountsObject::append>("append"),
       InstanceMethod<&PhraseCountsObject::end_source>("endSource"),
       InstanceMethod<&PhraseCountsObject::merge>("merge"), InstanceMethod<&PhraseCountsObject::pairs>("pairs"),
       InstanceMethod<&PhraseCountsObject::frequent>("frequent"), InstanceMethod<&PhraseCountsObject::freeze>("freeze"),
       InstanceMethod<&PhraseCountsObject::save>("save")});
}

PhraseCountsObject::PhraseCountsObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), counter_(std::move(*info[0].As<Napi::External<std::shared_ptr<PhraseCounter>>>().Data())) {}

Napi::Object PhraseCountsObject::wrap(Napi::Env env, std::shared_ptr<PhraseCounter> counter) {
  return env.GetInstanceData<AddonData>()->phrase_counts.New(
      {Napi::External<std::shared_ptr<PhraseCounter>>::New(env, &counter)});
}

Napi::Value PhraseCountsObject::create(const Napi::CallbackInfo& info) {
  const Napi::Object js = info[0].As<Napi::Object>();
  PhraseRules rules;
  rules.connectors = to_strings(js.Get("connectors"));
  rules.delimiter = text_of(js.Get("delimiter"));
  rules.most_entries = static_cast<uint64_t>(js.Get("mostEntries").As<Napi::Number>().DoubleValue());
  return wrap(info.Env(), std::make_shared<PhraseCounter>(std::move(rules)));
}

Napi::Value PhraseCountsObject::load(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading, [path = text_of(info[0])](TaskControl& control) -> ToJs {
      LoadedPhrases loaded = load_phrases(path, control);
      auto counter = loaded.counts ? std::make_shared<PhraseCounter>(loaded.rules, std::move(*loaded.counts)) : nullptr;
      return [counter, frozen = loaded.frozen, notes = loaded.notes](Napi::Env env) -> Napi::Value {
        Napi::Object js = Napi::Object::New(env);
        if (counter) js["counts"] = wrap(env, counter);
        if (frozen) js["frozen"] = FrozenPhrasesObject::wrap(env, frozen);
        js["notes"] = notes;
        return js;
      };
    });
  });
}

Napi::Value PhraseCountsObject::words(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(counter_->words()));
}

Napi::Value PhraseCountsObject::append_files(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary,
                     [counter = counter_, paths = to_strings(info[0]),
                      threads = info[1].As<Napi::Number>().Uint32Value()](TaskControl& control) -> ToJs {
                       counter->append_files(paths, threads, control);
                       return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
                     });
  });
}

Napi::Value PhraseCountsObject::append(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    const std::string_view text(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength());
    return start_job(
        info.Env(), Phase::vocabulary,
        [counter = counter_, text, framing = to_framing(info[1]), name = text_of(info[2])](TaskControl&) -> ToJs {
          counter->append(text, framing, name);
          return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
        },
        bytes);
  });
}

void PhraseCountsObject::end_source(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] { counter_->end_source(); });
}

Napi::Value PhraseCountsObject::merge(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::vocabulary, [counter = counter_](TaskControl& control) -> ToJs {
      counter->merge(control);
      return [counter](Napi::Env env) -> Napi::Value {
        const PhraseCounts& counts = counter->counts();
        Napi::Object js = Napi::Object::New(env);
        js["words"] = static_cast<double>(counts.words.size());
        js["pairs"] = static_cast<double>(counts.pairs.size());
        js["pairSlots"] = static_cast<double>(counts.pairs.slots().size());
        js["corpusWords"] = static_cast<double>(counts.total_words);
        js["prunedEntries"] = static_cast<double>(counts.pruned_entries);
        js["prunedUpTo"] = static_cast<double>(counts.pruned_up_to);
        return js;
      };
    });
  });
}

Napi::Value PhraseCountsObject::pairs(const Napi::CallbackInfo& info) {
  const PhraseCounts& counts = counter_->counts();
  const auto slots = counts.pairs.slots();
  const auto slot = [&](size_t i) { return std::min(slots.size(), size_t{info[i].As<Napi::Number>().Uint32Value()}); };
  const auto taken = slots.subspan(slot(0), slot(1) - std::min(slot(0), slot(1)));
  std::vector<double> first, second, both;
  for (const WordPair& pair : taken) {
    if (pair.first == no_word) continue;
    first.push_back(static_cast<double>(counts.counts[pair.first]));
    second.push_back(static_cast<double>(counts.counts[pair.second]));
    both.push_back(pair.count);
  }
  Napi::Object js = Napi::Object::New(info.Env());
  js["first"] = to_typed_array<Napi::Float64Array>(info.Env(), std::span<const double>(first));
  js["second"] = to_typed_array<Napi::Float64Array>(info.Env(), std::span<const double>(second));
  js["both"] = to_typed_array<Napi::Float64Array>(info.Env(), std::span<const double>(both));
  return js;
}

Napi::Value PhraseCountsObject::frequent(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(
        info.Env(), Phase::vocabulary,
        [counter = counter_, least = info[0].As<Napi::Number>().DoubleValue()](TaskControl&) -> ToJs {
          const PhraseCounts& counts = counter->counts();
          const auto enough = [least](uint64_t count) { return static_cast<double>(count) >= least; };
          uint64_t found = static_cast<uint64_t>(std::count_if(counts.counts.begin(), counts.counts.end(), enough));
          counts.pairs.for_each([&](const WordPair& pair) { found += enough(pair.count); });
          return [found](Napi::Env env) -> Napi::Value { return Napi::Number::New(env, static_cast<double>(found)); };
        });
  });
}

Napi::Value PhraseCountsObject::freeze(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const std::string name = info[0].IsString() ? text_of(info[0]) : "";
    const PhraseScoring scoring = name == "npmi"          ? PhraseScoring::npmi
                                  : name == "word2phrase" ? PhraseScoring::word2phrase
                                                          : PhraseScoring::standard;
    std::span<const double> scores;
    if (info[3].IsTypedArray()) {
      const Napi::Float64Array given = info[3].As<Napi::Float64Array>();
      scores = {given.Data(), given.ElementLength()};
      if (scores.size() != counter_->counts().pairs.size())
        throw Error(code::argument, "freeze: expected a score for each pair");
    }
    return start_job(
        info.Env(), Phase::vocabulary,
        [counter = counter_, scoring, scores,
         min_count = static_cast<uint64_t>(info[1].As<Napi::Number>().DoubleValue()),
         threshold = info[2].As<Napi::Number>().DoubleValue()](TaskControl&) -> ToJs {
          const PhraseCounts& counts = counter->counts();
          size_t next = 0;  // given in the order of the table
          const auto score = [&](const WordPair& pair) {
            return scores.empty() ? score_pair(scoring, counts, pair, min_count) : scores[next++];
          };
          const auto frozen = std::make_shared<const FrozenPhrases>(counter->rules(), counts, score, threshold);
          return [frozen](Napi::Env env) -> Napi::Value { return FrozenPhrasesObject::wrap(env, frozen); };
        },
        info[3].IsTypedArray() ? info[3] : Napi::Value());
  });
}

Napi::Value PhraseCountsObject::save(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(
        info.Env(), Phase::saving,
        [counter = counter_, path = text_of(info[0]), notes = text_of(info[1])](TaskControl& control) -> ToJs {
          save_phrases(counter->rules(), &counter->counts(), nullptr, path, notes, control);
          return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
        });
  });
}

// ---- phrases ----

Napi::Function FrozenPhrasesObject::define(Napi::Env env) {
  return DefineClass(
      env, "FrozenPhrases",
      {InstanceAccessor<&FrozenPhrasesObject::size>("size"), InstanceMethod<&FrozenPhrasesObject::list>("list"),
       InstanceMethod<&FrozenPhrasesObject::joiner>("joiner"),
       InstanceMethod<&FrozenPhrasesObject::join_sentence>("joinSentence"),
       InstanceMethod<&FrozenPhrasesObject::join_files>("joinFiles"),
       InstanceMethod<&FrozenPhrasesObject::save>("save")});
}

FrozenPhrasesObject::FrozenPhrasesObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info), phrases_(std::move(*info[0].As<Napi::External<FrozenHandle>>().Data())) {}

Napi::Object FrozenPhrasesObject::wrap(Napi::Env env, FrozenHandle phrases) {
  return env.GetInstanceData<AddonData>()->frozen_phrases.New({Napi::External<FrozenHandle>::New(env, &phrases)});
}

Napi::Value FrozenPhrasesObject::size(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(phrases_->pairs().size()));
}

Napi::Value FrozenPhrasesObject::list(const Napi::CallbackInfo& info) {
  const size_t from = info[0].As<Napi::Number>().Uint32Value();
  const size_t to = std::min<size_t>(phrases_->pairs().size(), info[1].As<Napi::Number>().Uint32Value());
  Napi::Array names = Napi::Array::New(info.Env());
  Napi::Float64Array scores = Napi::Float64Array::New(info.Env(), to - std::min(from, to));
  Napi::Float64Array counts = Napi::Float64Array::New(info.Env(), scores.ElementLength());
  for (size_t i = from; i < to; ++i) {
    const WordPair& pair = phrases_->pairs()[i];
    names.Set(static_cast<uint32_t>(i - from), to_js_string(info.Env(), phrases_->phrase(pair)));
    scores[i - from] = phrases_->scores()[i];
    counts[i - from] = pair.count;
  }
  Napi::Object js = Napi::Object::New(info.Env());
  js["phrases"] = names;
  js["scores"] = scores;
  js["counts"] = counts;
  return js;
}

Napi::Value FrozenPhrasesObject::joiner(const Napi::CallbackInfo& info) {
  FrozenHandle phrases = phrases_;
  return info.Env().GetInstanceData<AddonData>()->phrase_joiner.New(
      {Napi::External<FrozenHandle>::New(info.Env(), &phrases)});
}

Napi::Value FrozenPhrasesObject::join_sentence(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::string words, out;
    for (const std::string& word : to_strings(info[0])) {
      words += word;
      words += '\0';
    }
    static const std::string name = "the sentence";
    PhraseJoiner joiner(phrases_);
    joiner.join_words(words, Framing::tokens, {name, 1}, out);
    joiner.end_part(out);
    Napi::Array js = Napi::Array::New(info.Env());
    for (std::string_view left = out; !left.empty();) {
      const std::string_view word = left.substr(0, left.find('\0'));
      js.Set(js.Length(), to_js_string(info.Env(), word));
      left.remove_prefix(word.size() + 1);
    }
    return js;
  });
}

Napi::Value FrozenPhrasesObject::join_files(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::saving,
                     [phrases = phrases_, paths = to_strings(info[0]), output = text_of(info[1]),
                      threads = info[2].As<Napi::Number>().Uint32Value()](TaskControl& control) -> ToJs {
                       w2v::join_files(phrases, paths, output, threads, control);
                       return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
                     });
  });
}

Napi::Value FrozenPhrasesObject::save(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(
        info.Env(), Phase::saving,
        [phrases = phrases_, path = text_of(info[0]), notes = text_of(info[1])](TaskControl& control) -> ToJs {
          save_phrases(phrases->rules(), nullptr, phrases.get(), path, notes, control);
          return [](Napi::Env env) -> Napi::Value { return env.Undefined(); };
        });
  });
}

// ---- joining ----

Napi::Function PhraseJoinerObject::define(Napi::Env env) {
  return DefineClass(env, "PhraseJoiner",
                     {InstanceMethod<&PhraseJoinerObject::append>("append"),
                      InstanceMethod<&PhraseJoinerObject::end_source>("endSource")});
}

PhraseJoinerObject::PhraseJoinerObject(const Napi::CallbackInfo& info)
    : ObjectWrap(info),
      joiner_(std::make_shared<PhraseJoiner>(std::move(*info[0].As<Napi::External<FrozenHandle>>().Data()))) {}

Napi::Value PhraseJoinerObject::append(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    const std::string_view text(reinterpret_cast<const char*>(bytes.Data()), bytes.ElementLength());
    return start_job(
        info.Env(), Phase::saving,
        [joiner = joiner_, text, framing = to_framing(info[1]), name = text_of(info[2])](TaskControl&) -> ToJs {
          std::string out;
          joiner->append(text, framing, name, out);
          return bytes_result(std::move(out));
        },
        bytes);
  });
}

Napi::Value PhraseJoinerObject::end_source(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    std::string out;
    joiner_->end_source(out);
    return Napi::Buffer<char>::Copy(info.Env(), out.data(), out.size());
  });
}

}  // namespace w2v::node
