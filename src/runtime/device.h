#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <string>

namespace mnist_bench {

/// What was found out about CUDA on this machine.
struct CudaStatus {
  int devices = 0;
  /// Why there is none; empty when devices > 0.
  std::string reason;
};

/// Looks for the driver, LibTorch's CUDA library and devices, once per process. The library is
/// loaded here: LibTorch asked about devices before that would remember that there are none.
const CudaStatus& cuda_status();

/// "auto" (the first CUDA device, else the CPU), "cpu", "cuda" (the first) or "cuda:N".
/// Throws Error(device_unavailable) with the reason; an explicit CUDA device never falls back.
c10::Device choose_device(const std::string& wanted);

/// The device's own name: the CPU's model, or the GPU's as its driver gives it.
std::string device_name(c10::Device device);
std::string cpu_name();

/// The first value of that name in /proc/cpuinfo, such as "cpu MHz"; nothing where there is none.
std::optional<std::string> cpu_info(const std::string& name);

/// Waits until the device has done all that it was given; nothing to do on a CPU.
void synchronize(c10::Device device);

}  // namespace mnist_bench
