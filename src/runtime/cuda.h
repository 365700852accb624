#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

namespace mnist_bench {

/// What is known about CUDA on this machine.
struct CudaStatus {
  /// The names of cuda:0, cuda:1 and so on, as the driver gives them.
  std::vector<std::string> devices = {};
  /// Why there are none, and what to do about it; empty where there are devices.
  std::string reason = {};
  std::string remedy = {};
  /// There is no device, but a GPU or a driver that does not say: the CPU may be a slow choice by
  /// mistake.
  bool idle_gpu = false;
};

/// Looks for the driver, LibTorch's CUDA library and devices, once per process. LibTorch remembers
/// the first answer to any question about devices, and its autograd engine their number at the
/// first backward pass: call this before either where a device may be wanted later. Initializes
/// CUDA, which does not outlive a fork.
const CudaStatus& cuda_status();

/// Versions of the GPU's software. Absent: not installed, or unknown.
struct CudaVersions {
  std::optional<std::string> cuda = {};   ///< that LibTorch uses: "13.2"
  std::optional<std::string> cudnn = {};  ///< that LibTorch uses: "9.13.0"
  std::optional<std::string> driver =
      {};  ///< "580.65.06, CUDA 13.0": its own, and the latest CUDA that it supports
};
CudaVersions cuda_versions();

/// Keeps LibTorch from letting cuBLAS and cuDNN round float32 factors to TF32 (10 bits of
/// mantissa), which it does for cuDNN by default. See also `set_environment_of_libraries`.
void forbid_tf32();
/// Whether LibTorch allows TF32, as it reports itself.
bool tf32_allowed();

/// Restarts the count of `peak_device_bytes`.
void reset_peak_device_bytes(c10::Device device);
/// The peak memory of tensors on `device`; absent on a CPU and with a LibTorch before 2.9.
std::optional<std::int64_t> peak_device_bytes(c10::Device device);

/// Whether LibTorch, CUDA or one of its libraries found no memory on the device (not on the host).
bool is_out_of_device_memory(const std::exception& error);

}  // namespace mnist_bench
