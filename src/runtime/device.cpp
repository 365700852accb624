#include "runtime/device.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <array>
#include <charconv>
#include <fstream>

#include "base/error.h"

namespace mnist_bench {
namespace {

CudaStatus find_cuda() {
  // Without a driver there is nothing to find, and LibTorch's CUDA library takes a second to load.
  if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return {.devices = 0, .reason = "no NVIDIA driver (libcuda.so.1 was not found)"};
  }
  if (!at::globalContext().hasCUDA() &&
      dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const char* error = dlerror();
    return {.devices = 0,
            .reason = fmt::format("LibTorch's CUDA libraries could not be loaded: {}",
                                  error != nullptr ? error : "unknown error")};
  }
  const int devices = static_cast<int>(torch::cuda::device_count());
  if (devices == 0) return {.devices = 0, .reason = "the driver reports no CUDA device"};
  return {.devices = devices, .reason = {}};
}

std::string gpu_name(int index) {
  // The driver's own interface: its symbols are stable across CUDA versions.
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  if (driver == nullptr) return "CUDA device";
  using Init = int (*)(unsigned int);
  using Get = int (*)(int*, int);
  using Name = int (*)(char*, int, int);
  const auto init = reinterpret_cast<Init>(dlsym(driver, "cuInit"));
  const auto get = reinterpret_cast<Get>(dlsym(driver, "cuDeviceGet"));
  const auto name = reinterpret_cast<Name>(dlsym(driver, "cuDeviceGetName"));
  int device = 0;
  std::array<char, 256> text{};
  if (init == nullptr || get == nullptr || name == nullptr || init(0) != 0 ||
      get(&device, index) != 0 || name(text.data(), static_cast<int>(text.size()), device) != 0) {
    return "CUDA device";
  }
  return text.data();
}

[[noreturn]] void throw_unavailable(const std::string& wanted, const std::string& reason) {
  throw Error(ExitCode::device_unavailable,
              fmt::format("device '{}' is not available: {}", wanted, reason),
              "use device=cpu, or device=auto to take what there is; scripts/setup --cuda installs "
              "the CUDA libraries");
}

}  // namespace

const CudaStatus& cuda_status() {
  static const CudaStatus status = find_cuda();
  return status;
}

c10::Device choose_device(const std::string& wanted) {
  if (wanted == "cpu") return {c10::kCPU};
  const CudaStatus& cuda = cuda_status();
  if (wanted == "auto")
    return cuda.devices > 0 ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (cuda.devices == 0) throw_unavailable(wanted, cuda.reason);
  int index = 0;
  const std::size_t colon = wanted.find(':');
  if (colon != std::string::npos) {
    std::from_chars(wanted.data() + colon + 1, wanted.data() + wanted.size(), index);
  }
  if (index >= cuda.devices) {
    throw_unavailable(
        wanted,
        fmt::format("there {} (cuda:0 to cuda:{})",
                    cuda.devices == 1 ? "is 1 device" : fmt::format("are {} devices", cuda.devices),
                    cuda.devices - 1));
  }
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

std::string device_name(c10::Device device) {
  return device.is_cpu() ? cpu_name() : gpu_name(device.index());
}

std::string cpu_name() { return cpu_info("model name").value_or("unknown CPU"); }

std::optional<std::string> cpu_info(const std::string& name) {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with(name) && colon != std::string::npos) return line.substr(colon + 2);
  }
  return std::nullopt;
}

void synchronize(c10::Device device) {
  if (device.is_cuda()) torch::cuda::synchronize(device.index());
}

}  // namespace mnist_bench
