#include "runtime/device.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace mnist_bench {
namespace {

TEST(Device, CpuIsAlwaysThereAndHasAName) {
  EXPECT_TRUE(choose_device("cpu").is_cpu());
  EXPECT_FALSE(device_name(choose_device("cpu")).empty());
}

TEST(Device, AutoTakesCudaExactlyWhenThereIsSome) {
  EXPECT_EQ(choose_device("auto").is_cuda(), cuda_status().devices > 0);
}

TEST(Device, ExplicitCudaNeverFallsBackAndSaysWhy) {
  if (cuda_status().devices > 0) GTEST_SKIP() << "this machine has a CUDA device";
  EXPECT_FALSE(cuda_status().reason.empty());
  for (const char* wanted : {"cuda", "cuda:0", "cuda:7"}) {
    try {
      choose_device(wanted);
      FAIL() << wanted << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::device_unavailable);
      EXPECT_NE(std::string(error.what()).find(cuda_status().reason), std::string::npos);
    }
  }
}

TEST(Device, CudaIndexBeyondTheLastIsRefused) {
  if (cuda_status().devices == 0) GTEST_SKIP() << "skipped: no CUDA device";
  EXPECT_TRUE(choose_device("cuda").is_cuda());
  EXPECT_THROW(choose_device("cuda:" + std::to_string(cuda_status().devices)), Error);
}

}  // namespace
}  // namespace mnist_bench
