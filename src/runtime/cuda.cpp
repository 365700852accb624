#include "runtime/cuda.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/Allocator.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <cstdint>

// Before 2.9 the allocator can be queried only with CUDA's own headers.
#define MNIST_BENCH_HAS_DEVICE_STATISTICS \
  (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9))
#if MNIST_BENCH_HAS_DEVICE_STATISTICS
#include <c10/core/CachingDeviceAllocator.h>
#endif

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string_view>

namespace mnist_bench {
namespace {

constexpr const char* kDriver = "libcuda.so.1";
constexpr int kNoDevice = 100;  // CUDA_ERROR_NO_DEVICE

std::string last_dl_error() {
  const char* error = dlerror();
  return error != nullptr ? error : "unknown error";
}

/// A function of the driver, whose symbols are stable across CUDA versions; null where it lacks it.
template <typename Function>
Function* driver_function(const char* name) {
  void* driver = dlopen(kDriver, RTLD_NOW);
  return driver == nullptr ? nullptr : reinterpret_cast<Function*>(dlsym(driver, name));
}

/// What cuInit returns: 0 where CUDA can be used.
int initialize_driver() {
  const auto init = driver_function<int(unsigned int)>("cuInit");
  return init == nullptr ? 0 : init(0);
}

std::string driver_error_text(int error) {
  const auto text_of = driver_function<int(int, const char**)>("cuGetErrorString");
  const char* text = nullptr;
  if (text_of == nullptr || text_of(error, &text) != 0 || text == nullptr) {
    return fmt::format("error {}", error);
  }
  return fmt::format("error {}, {}", error, text);
}

/// Absent where the driver does not say.
std::optional<int> devices_of_driver() {
  const auto count_devices = driver_function<int(int*)>("cuDeviceGetCount");
  int count = 0;
  if (count_devices == nullptr || count_devices(&count) != 0) return std::nullopt;
  return count;
}

std::string gpu_name(int index) {
  const auto get = driver_function<int(int*, int)>("cuDeviceGet");
  const auto name = driver_function<int(char*, int, int)>("cuDeviceGetName");
  int device = 0;
  std::array<char, 256> text{};
  if (get == nullptr || name == nullptr || get(&device, index) != 0 ||
      name(text.data(), static_cast<int>(text.size()) - 1, device) != 0) {
    return "CUDA device";
  }
  return text.data();
}

/// 13020 → "13.2", as CUDA encodes its versions.
std::string cuda_version_text(long version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::optional<std::string> cuda_of_driver() {
  const auto get = driver_function<int(int*)>("cuDriverGetVersion");
  int version = 0;
  if (get == nullptr || get(&version) != 0 || version == 0) return std::nullopt;
  return cuda_version_text(version);
}

std::optional<std::string> cuda_of_libtorch() {
  const at::CUDAHooksInterface& hooks = at::detail::getCUDAHooks();
  if (!hooks.hasCUDART()) return std::nullopt;
  return cuda_version_text(hooks.versionCUDART());
}

CudaStatus no_device(const std::string& of_whom) {
  std::string reason = of_whom + " reports no CUDA device";
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  if (visible == nullptr) return {.reason = reason, .remedy = "nvidia-smi shows what it sees"};
  return {.reason = fmt::format("{} (CUDA_VISIBLE_DEVICES is '{}')", reason, visible),
          .remedy = "CUDA_VISIBLE_DEVICES in the environment hides devices"};
}

CudaStatus find_cuda() {
  if (dlopen(kDriver, RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return {.reason = fmt::format("no NVIDIA driver ({})", last_dl_error()),
            .remedy = "a GPU needs NVIDIA's driver; inside a container it comes from the host"};
  }
  if (const int error = initialize_driver(); error != 0 && error != kNoDevice) {
    return {
        .reason = fmt::format("the NVIDIA driver does not start ({})", driver_error_text(error)),
        .remedy =
            "nvidia-smi says more; after an update of the driver the machine needs a "
            "restart",
        .idle_gpu = true};
  } else if (error == kNoDevice || devices_of_driver() == 0) {
    return no_device("the NVIDIA driver");  // without loading the library, which takes a second
  }
  // Load first, then ask: asked before, LibTorch remembers that there is no CUDA.
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return {.reason =
                fmt::format("LibTorch's CUDA libraries could not be loaded ({})", last_dl_error()),
            .remedy = "scripts/setup --cuda installs them",
            .idle_gpu = true};
  }
  CudaStatus status;
  // A DeviceIndex is a signed char; the count is never negative.
  const int count = static_cast<std::uint8_t>(torch::cuda::device_count());
  for (int i = 0; i < count; ++i) status.devices.push_back(gpu_name(i));
  if (count > 0) return status;
  const std::optional<int> of_driver = devices_of_driver();
  if (!of_driver) return no_device("LibTorch");
  return {.reason = fmt::format(
              "LibTorch, made for CUDA {}, finds no CUDA device, though the NVIDIA driver, which "
              "supports up to CUDA {}, has {}",
              cuda_of_libtorch().value_or("?"), cuda_of_driver().value_or("?"), *of_driver),
          .remedy = "update NVIDIA's driver, or build with a LibTorch for an older CUDA",
          .idle_gpu = true};
}

#if MNIST_BENCH_HAS_DEVICE_STATISTICS
/// Null on a CPU, and before anything was allocated.
c10::DeviceAllocator* allocator_of(c10::Device device) {
  if (!device.is_cuda()) return nullptr;
  auto* allocator = dynamic_cast<c10::DeviceAllocator*>(c10::GetAllocator(device.type()));
  return allocator != nullptr && allocator->initialized() ? allocator : nullptr;
}
#endif

}  // namespace

const CudaStatus& cuda_status() {
  static const CudaStatus status = find_cuda();
  return status;
}

CudaVersions cuda_versions() {
  CudaVersions versions{.cuda = cuda_of_libtorch()};
  if (const at::CUDAHooksInterface& hooks = at::detail::getCUDAHooks(); hooks.hasCuDNN()) {
    const long cudnn = hooks.versionCuDNN();
    const long major = cudnn >= 90000 ? 10000 : 1000;  // cuDNN 9 has a digit more
    versions.cudnn = fmt::format("{}.{}.{}", cudnn / major, cudnn % major / 100, cudnn % 100);
  }
  std::string own;
  std::ifstream("/sys/module/nvidia/version") >> own;
  const std::optional<std::string> supported = cuda_of_driver();
  if (supported) own += (own.empty() ? "CUDA " : ", CUDA ") + *supported;
  if (!own.empty()) versions.driver = own;
  return versions;
}

void forbid_tf32() {
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowTF32CuDNN(false);
}

bool tf32_allowed() {
  return at::globalContext().allowTF32CuBLAS() || at::globalContext().allowTF32CuDNN();
}

void reset_peak_device_bytes([[maybe_unused]] c10::Device device) {
#if MNIST_BENCH_HAS_DEVICE_STATISTICS
  if (auto* allocator = allocator_of(device)) allocator->resetPeakStats(device.index());
#endif
}

std::optional<std::int64_t> peak_device_bytes([[maybe_unused]] c10::Device device) {
#if MNIST_BENCH_HAS_DEVICE_STATISTICS
  if (auto* allocator = allocator_of(device)) {
    constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    return allocator->getDeviceStats(device.index()).allocated_bytes.at(kAll).peak;
  }
#endif
  return std::nullopt;
}

bool is_out_of_device_memory(const std::exception& error) {
  const std::string_view text = error.what();
  const auto says = [&](std::string_view words) {
    return text.find(words) != std::string_view::npos;
  };
  if (says("DefaultCPUAllocator")) return false;
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) return true;
  // What LibTorch does not allocate: contexts, and the workspaces of CUDA's libraries.
  constexpr std::array kOthers = {"CUDA error: out of memory", "CUDA driver error: out of memory",
                                  "CUBLAS_STATUS_ALLOC_FAILED", "CUDNN_STATUS_ALLOC_FAILED",
                                  "CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED"};
  return std::any_of(kOthers.begin(), kOthers.end(), says);
}

}  // namespace mnist_bench
