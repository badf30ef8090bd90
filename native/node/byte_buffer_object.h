// The ByteBuffer of binding.d.ts.
#pragma once

#include <napi.h>

#include <memory>

#include "base/byte_buffer.h"

namespace w2v::node {

class ByteBufferObject : public Napi::ObjectWrap<ByteBufferObject> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit ByteBufferObject(const Napi::CallbackInfo& info) : ObjectWrap(info) {}

  // The bytes, handed over: nothing can be appended afterwards.
  std::shared_ptr<const ByteBuffer> take();

 private:
  void append(const Napi::CallbackInfo& info);
  Napi::Value holds_rows(const Napi::CallbackInfo& info);

  std::shared_ptr<ByteBuffer> bytes_ = std::make_shared<ByteBuffer>();
};

}  // namespace w2v::node
