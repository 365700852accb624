#pragma once

#include <c10/core/Device.h>

namespace cuda_stub {

c10::DeviceIndex device_count();

/// The calling thread's device.
c10::DeviceIndex current_device();
void set_current_device(c10::DeviceIndex device);

}  // namespace cuda_stub
