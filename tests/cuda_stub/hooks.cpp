// What LibTorch asks when it wants to know about CUDA. The class' name is the one it looks for.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include <vector>

#include "environment.h"
#include "memory.h"

namespace cuda_stub {

c10::DeviceIndex device_count() {
  static const auto count = static_cast<c10::DeviceIndex>(
      number_in("MNIST_BENCH_STUB_LIBTORCH_DEVICES", driver_devices()));
  return count;
}

namespace {

const bool loaded = [] {
  log("load");
  return true;
}();

struct CUDAHooks final : at::CUDAHooksInterface {
  explicit CUDAHooks(at::CUDAHooksArgs /*none*/) {}

  void init() const override {}
  // NOLINTBEGIN(modernize-use-override): LibTorch 2.6 does not ask these two
  bool isBuilt() const { return true; }
  bool isAvailable() const { return device_count() > 0; }
  // NOLINTEND(modernize-use-override)
  bool hasCUDA() const override { return device_count() > 0; }
  bool hasCUDART() const override { return true; }
  long versionCUDART() const override { return 13020; }
  // For the record alone: convolutions ask for `compiledWithCuDNN`.
  bool hasCuDNN() const override { return true; }
  long versionCuDNN() const override { return 91305; }
  bool hasPrimaryContext(c10::DeviceIndex /*device*/) const override { return true; }

  c10::DeviceIndex deviceCount() const override {
    log("count");
    return device_count();
  }
  int getNumGPUs() const override { return deviceCount(); }
  c10::DeviceIndex current_device() const override { return cuda_stub::current_device(); }
  c10::DeviceIndex getCurrentDevice() const override { return cuda_stub::current_device(); }
  void setCurrentDevice(c10::DeviceIndex device) const override { set_current_device(device); }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex device) const override {
    const c10::DeviceIndex before = cuda_stub::current_device();
    set_current_device(device);
    return before;
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex device) const override {
    return exchangeDevice(device);
  }
  void deviceSynchronize(c10::DeviceIndex /*device*/) const override {}

  const at::Generator& getDefaultGenerator(c10::DeviceIndex device) const override {
    static std::vector<at::Generator> generators = [] {
      std::vector<at::Generator> each;
      for (int i = 0; i < device_count(); ++i) {
        each.push_back(at::make_generator<at::CPUGeneratorImpl>());
      }
      return each;
    }();
    return generators.at(static_cast<std::size_t>(device < 0 ? current_device() : device));
  }
  at::Generator getNewGenerator(c10::DeviceIndex /*device*/) const override {
    return at::make_generator<at::CPUGeneratorImpl>();
  }
};

using at::CUDAHooksRegistry;
using at::RegistererCUDAHooksRegistry;
REGISTER_CUDA_HOOKS(CUDAHooks);

}  // namespace
}  // namespace cuda_stub
