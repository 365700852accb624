// Every operation of the "devices": LibTorch's own for the CPU, on tensors that are in the same
// memory.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/StorageImpl.h>
#include <torch/library.h>

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "memory.h"

namespace cuda_stub {
namespace {

using at::Tensor;
using c10::DispatchKeySet;
using c10::IValue;

/// Device tensors of one call, each with its twin on the CPU.
class Twins {
 public:
  /// `tensor` itself where it is not on a device.
  Tensor on_cpu(const Tensor& tensor) {
    if (!tensor.defined() || !tensor.is_cuda()) return tensor;
    if (!device) device = tensor.device();
    const c10::Storage& storage = tensor.storage();
    c10::Storage shared(c10::Storage::use_byte_size_t(), storage.nbytes(),
                        c10::DataPtr(storage.mutable_data(), c10::kCPU), /*allocator=*/nullptr,
                        /*resizable=*/false);
    Tensor twin = at::detail::make_tensor<c10::TensorImpl>(
        std::move(shared), DispatchKeySet(c10::DispatchKey::CPU), tensor.dtype());
    place(twin, tensor);
    pairs_.emplace_back(tensor, twin);
    return twin;
  }

  /// The device tensor whose twin this is, a view of one whose memory it shares, or a new one.
  Tensor on_device(const Tensor& result) const {
    if (!result.defined() || !result.is_cpu() || !device) return result;
    for (const auto& [tensor, twin] : pairs_) {
      if (result.is_same(twin)) return tensor;
    }
    for (const auto& [tensor, twin] : pairs_) {
      const bool shares = result.storage().data() == twin.storage().data();
      if (!shares || result.storage().data() == nullptr) continue;
      Tensor view = at::detail::make_tensor<c10::TensorImpl>(
          c10::TensorImpl::VIEW, c10::Storage(tensor.storage()), tensor.key_set(), result.dtype());
      place(view, result);
      return view;
    }
    const c10::DeviceGuard guard(*device);
    auto* allocator = c10::GetAllocator(c10::kCUDA);
    const std::size_t bytes = result.storage().nbytes();
    c10::Storage storage(c10::Storage::use_byte_size_t(), bytes, allocator->allocate(bytes),
                         allocator, /*resizable=*/true);
    if (bytes > 0) std::memcpy(storage.mutable_data(), result.storage().data(), bytes);
    Tensor made = at::detail::make_tensor<c10::TensorImpl>(
        std::move(storage), DispatchKeySet(c10::DispatchKey::CUDA), result.dtype());
    place(made, result);
    return made;
  }

  std::optional<c10::Device> device;

 private:
  static void place(const Tensor& tensor, const Tensor& as) {
    tensor.unsafeGetTensorImpl()->set_sizes_and_strides(as.sizes(), as.strides(),
                                                        as.storage_offset());
  }

  std::vector<std::pair<Tensor, Tensor>> pairs_;
};

/// `value` with each tensor in it, alone or in a list, replaced by what `change` makes of it.
template <typename Change>
IValue with_tensors(const IValue& value, const Change& change) {
  if (value.isTensor()) return change(value.toTensor());
  if (value.isTensorList()) {
    c10::List<Tensor> list;
    for (const Tensor& tensor : value.toTensorVector()) list.push_back(change(tensor));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<Tensor>> list;
    for (const std::optional<Tensor>& tensor : value.toOptionalTensorVector()) {
      list.push_back(tensor ? std::optional(change(*tensor)) : std::nullopt);
    }
    return list;
  }
  return value;
}

void on_the_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  Twins twins;
  const std::size_t arguments = op.schema().arguments().size();
  const auto first = static_cast<std::ptrdiff_t>(stack->size() - arguments);
  std::optional<c10::Device> named;
  for (auto value = stack->begin() + first; value != stack->end(); ++value) {
    if (value->isDevice()) {
      named = value->toDevice();
      *value = c10::Device(c10::kCPU);
    } else {
      *value = with_tensors(*value, [&](const Tensor& tensor) { return twins.on_cpu(tensor); });
    }
  }
  if (named) twins.device = named->has_index() ? *named : c10::Device(c10::kCUDA, current_device());
  op.redispatchBoxed(DispatchKeySet(c10::DispatchKey::CPU), stack);
  const auto returned = static_cast<std::ptrdiff_t>(stack->size() - op.schema().returns().size());
  for (auto value = stack->begin() + returned; value != stack->end(); ++value) {
    *value = with_tensors(*value, [&](const Tensor& tensor) { return twins.on_device(tensor); });
  }
}

TORCH_LIBRARY_IMPL(_, CUDA, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_the_cpu>());
}

// These have a kernel for all kinds of devices that hands on to one for each, which is not there.
TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("copy_", torch::CppFunction::makeFromBoxedFunction<&on_the_cpu>());
}

}  // namespace
}  // namespace cuda_stub
