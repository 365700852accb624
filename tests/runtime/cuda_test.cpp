#include "runtime/cuda.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <new>
#include <stdexcept>

namespace mnist_bench {
namespace {

template <typename Throw>
bool taken_for_a_full_device(Throw throws) {
  try {
    throws();
  } catch (const std::exception& error) {
    return is_out_of_device_memory(error);
  }
  ADD_FAILURE() << "nothing was thrown";
  return false;
}

TEST(DeviceMemory, IsFullWhereLibTorchOrCudaOrItsLibrariesSaySo) {
  EXPECT_TRUE(taken_for_a_full_device([] {
    TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 2.00 GiB.");
  }));
  EXPECT_TRUE(taken_for_a_full_device([] {
    TORCH_CHECK(false, "CUDA error: out of memory\nCUDA kernel errors might be reported later");
  }));
  EXPECT_TRUE(taken_for_a_full_device([] {
    TORCH_CHECK(false, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate`");
  }));
}

TEST(DeviceMemory, IsNotToldFullForTheHostsOrForOtherErrors) {
  EXPECT_FALSE(taken_for_a_full_device([] { throw std::bad_alloc(); }));
  EXPECT_FALSE(taken_for_a_full_device([] { torch::empty({std::int64_t{1} << 60}); }));
  EXPECT_FALSE(taken_for_a_full_device(
      [] { TORCH_CHECK(false, "CUDA error: an illegal memory access was encountered"); }));
}

TEST(DeviceMemory, OfACpuHasNoPeak) {
  reset_peak_device_bytes(c10::kCPU);
  EXPECT_FALSE(peak_device_bytes(c10::kCPU));
}

TEST(Float32, IsNotRoundedToTf32OnceForbidden) {
  forbid_tf32();
  EXPECT_FALSE(tf32_allowed());
}

}  // namespace
}  // namespace mnist_bench
