#include <cstring>
#include <string>

#include "environment.h"

// NVIDIA's names and conventions: 0 is success.
extern "C" {

int cuInit(unsigned int /*flags*/) {
  cuda_stub::log("cuInit");
  constexpr int kNoDevice = 100;
  return static_cast<int>(cuda_stub::number_in("MNIST_BENCH_STUB_DRIVER_ERROR",
                                               cuda_stub::driver_devices() == 0 ? kNoDevice : 0));
}

int cuDriverGetVersion(int* version) {
  *version = 13000;
  return 0;
}

int cuGetErrorString(int /*error*/, const char** text) {
  *text = "an error of the stub";
  return 0;
}

int cuDeviceGetCount(int* count) {
  *count = static_cast<int>(cuda_stub::driver_devices());
  return 0;
}

int cuDeviceGet(int* device, int index) {
  *device = index;
  return 0;
}

/// cuda:0 and cuda:1 are of one kind, the others of another.
int cuDeviceGetName(char* name, int size, int device) {
  std::strncpy(name, device < 2 ? "Stub GPU" : "Other Stub GPU", static_cast<std::size_t>(size));
  return 0;
}

}  // extern "C"
