#include "node/byte_buffer_object.h"

#include <utility>

#include "base/error.h"
#include "node/job.h"
#include "vectors/vector_file.h"

namespace w2v::node {

Napi::Function ByteBufferObject::define(Napi::Env env) {
  return DefineClass(env, "ByteBuffer",
                     {InstanceMethod<&ByteBufferObject::append>("append"),
                      InstanceMethod<&ByteBufferObject::holds_rows>("holdsRows")});
}

std::shared_ptr<const ByteBuffer> ByteBufferObject::take() {
  if (!bytes_) throw Error(code::argument, "Expected bytes that have not been loaded yet");
  return std::exchange(bytes_, nullptr);
}

void ByteBufferObject::append(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const Napi::Uint8Array bytes = info[0].As<Napi::Uint8Array>();
    if (!bytes_) throw Error(code::argument, "Expected bytes that have not been loaded yet");
    bytes_->append(bytes.Data(), bytes.ElementLength());
  });
}

Napi::Value ByteBufferObject::holds_rows(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return start_job(info.Env(), Phase::loading,
                     [bytes = bytes_, rows = info[0].As<Napi::Number>().Int64Value()](TaskControl&) -> ToJs {
                       const bool enough = w2v::holds_rows({bytes->data(), bytes->size()}, static_cast<uint64_t>(rows));
                       return [enough](Napi::Env env) -> Napi::Value { return Napi::Boolean::New(env, enough); };
                     });
  });
}

}  // namespace w2v::node
