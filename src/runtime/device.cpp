#include "runtime/device.h"

#include <fmt/format.h>
#include <torch/cuda.h>

#include <charconv>
#include <fstream>

#include "base/error.h"
#include "base/text.h"
#include "runtime/cuda.h"

namespace mnist_bench {
namespace {

[[noreturn]] void throw_unavailable(const std::string& wanted, const std::string& reason,
                                    const std::string& remedy) {
  throw Error(ExitCode::device_unavailable,
              fmt::format("device '{}' is not available: {}", wanted, reason),
              "use device=cpu, or device=auto to use what is available; " + remedy);
}

}  // namespace

c10::Device choose_device(const std::string& wanted) {
  if (wanted == "cpu") return {c10::kCPU};
  const CudaStatus& cuda = cuda_status();
  const auto count = static_cast<int>(cuda.devices.size());
  if (wanted == "auto") return count > 0 ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (count == 0) throw_unavailable(wanted, cuda.reason, cuda.remedy);
  int index = 0;
  const std::size_t colon = wanted.find(':');
  if (colon != std::string::npos) {
    std::from_chars(wanted.data() + colon + 1, wanted.data() + wanted.size(), index);
  }
  if (index >= count) {
    throw_unavailable(wanted,
                      fmt::format("there {} {} (cuda:0{})", singular_or_plural(count, "is", "are"),
                                  counted(count, "CUDA device"),
                                  count == 1 ? "" : fmt::format(" to cuda:{}", count - 1)),
                      "mnist-bench doctor lists the devices");
  }
  return {c10::kCUDA, static_cast<c10::DeviceIndex>(index)};
}

std::optional<std::string> idle_gpu_warning(const std::string& wanted) {
  if (wanted != "auto" || !cuda_status().idle_gpu) return std::nullopt;
  return fmt::format("device=auto uses the CPU: {}; {}; device=cpu avoids this warning",
                     cuda_status().reason, cuda_status().remedy);
}

std::string device_name(c10::Device device) {
  return device.is_cpu() ? cpu_name()
                         : cuda_status().devices.at(static_cast<std::size_t>(device.index()));
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
