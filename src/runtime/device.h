#pragma once

#include <c10/core/Device.h>

#include <optional>
#include <string>

namespace mnist_bench {

/// "auto" (the first CUDA device, else the CPU), "cpu", "cuda" (the first) or "cuda:N". Asks
/// `cuda_status()`, except for "cpu".
/// Throws Error(device_unavailable) with the reason; an explicit CUDA device never falls back.
c10::Device choose_device(const std::string& wanted);

/// The warning for a user who left the choice to "auto" and has a GPU that cannot be used.
std::optional<std::string> idle_gpu_warning(const std::string& wanted);

/// The device's own name: the CPU's model, or the GPU's as its driver gives it.
std::string device_name(c10::Device device);
std::string cpu_name();

/// The first value of that name in /proc/cpuinfo, such as "cpu MHz"; nothing where there is none.
std::optional<std::string> cpu_info(const std::string& name);

/// Waits until the device has finished its work; does nothing on a CPU.
void synchronize(c10::Device device);

}  // namespace mnist_bench
