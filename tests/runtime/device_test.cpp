#include "runtime/device.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"

// With devices: tests/app/test_cuda.py, where stubs take the place of driver and library.

namespace mnist_bench {
namespace {

/// Told by the system, not by the program that is to find it.
bool machine_has_gpu() {
  for (const auto& entry : std::filesystem::directory_iterator("/dev")) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("nvidia") && name.find_first_not_of("0123456789", 6) == name.npos &&
        name.size() > 6) {
      return true;
    }
  }
  return false;
}

TEST(Device, CpuIsAlwaysThereAndHasAName) {
  EXPECT_TRUE(choose_device("cpu").is_cpu());
  EXPECT_FALSE(device_name(choose_device("cpu")).empty());
}

TEST(Device, AutoTakesTheGpuOfAMachineThatHasOne) {
  if (!machine_has_gpu()) GTEST_SKIP() << "no GPU";
  EXPECT_EQ(choose_device("auto"), c10::Device(c10::kCUDA, 0));
  EXPECT_EQ(choose_device("cuda"), c10::Device(c10::kCUDA, 0));
  EXPECT_FALSE(device_name(choose_device("cuda")).empty());
}

TEST(Device, AutoTakesTheCpuOfAMachineWithoutAGpu) {
  if (machine_has_gpu()) GTEST_SKIP() << "there is a GPU";
  EXPECT_TRUE(choose_device("auto").is_cpu());
}

TEST(Device, ExplicitCudaNeverFallsBackAndSaysWhy) {
  for (const char* wanted : {"cuda", "cuda:0", "cuda:999"}) {
    if (machine_has_gpu() && std::string(wanted) != "cuda:999") continue;
    try {
      choose_device(wanted);
      FAIL() << wanted << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::device_unavailable);
      EXPECT_NE(std::string(error.what()).find(wanted), std::string::npos);
      EXPECT_NE(error.remedy().find("device=cpu"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace mnist_bench
