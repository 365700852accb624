// Memory of the "devices", which is the host's, with what LibTorch asks of an allocator.
#include "memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "environment.h"

#define CUDA_STUB_HAS_DEVICE_STATISTICS \
  (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 9))
#if CUDA_STUB_HAS_DEVICE_STATISTICS
#include <c10/core/CachingDeviceAllocator.h>
#endif

namespace cuda_stub {
namespace {

thread_local c10::DeviceIndex current = 0;

/// Bytes of one device in use, and the most that were.
struct Usage {
  std::int64_t now = 0;
  std::int64_t peak = 0;
};
std::mutex usage_mutex;
std::array<Usage, 64> usage;

/// In front of each block.
struct alignas(64) Header {
  std::int64_t bytes;
  c10::DeviceIndex device;
};

void release(void* block) {
  if (block == nullptr) return;
  auto* header = static_cast<Header*>(block) - 1;
  const std::lock_guard lock(usage_mutex);
  usage[static_cast<std::size_t>(header->device)].now -= header->bytes;
  std::free(header);
}

#if CUDA_STUB_HAS_DEVICE_STATISTICS
using Base = c10::DeviceAllocator;
#else
using Base = c10::Allocator;
#endif

class StubAllocator final : public Base {
 public:
  c10::DataPtr allocate(std::size_t size) override {
    const c10::Device device(c10::kCUDA, current);
    if (size == 0) return {nullptr, nullptr, &release, device};
    const auto bytes = static_cast<std::int64_t>(size);
    const std::lock_guard lock(usage_mutex);
    Usage& used = usage[static_cast<std::size_t>(current)];
    const std::int64_t limit = number_in("MNIST_BENCH_STUB_MEMORY", std::int64_t{1} << 40);
    // The words of LibTorch's own allocator.
    TORCH_CHECK_WITH(OutOfMemoryError, used.now + bytes <= limit,
                     "CUDA out of memory. Tried to allocate ", bytes, " bytes. GPU ",
                     static_cast<int>(current), " has a total capacity of ", limit,
                     " bytes of which ", limit - used.now,
                     " bytes is free. If reserved but unallocated memory is large try setting "
                     "PYTORCH_CUDA_ALLOC_CONF");
    used.now += bytes;
    used.peak = std::max(used.peak, used.now);
    const std::size_t whole = (sizeof(Header) + size + 63) / 64 * 64;
    auto* header = static_cast<Header*>(std::aligned_alloc(64, whole));
    *header = {.bytes = bytes, .device = current};
    return {header + 1, header + 1, &release, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, std::size_t count) const override {
    std::memcpy(to, from, count);
  }

#if CUDA_STUB_HAS_DEVICE_STATISTICS
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t /*pool*/) override {}
  void recordStream(const c10::DataPtr& /*block*/, c10::Stream /*stream*/) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(c10::DeviceIndex device) override {
    const std::lock_guard lock(usage_mutex);
    c10::CachingDeviceAllocator::DeviceStats statistics;
    statistics.allocated_bytes[0].current = usage.at(static_cast<std::size_t>(device)).now;
    statistics.allocated_bytes[0].peak = usage.at(static_cast<std::size_t>(device)).peak;
    return statistics;
  }
  void resetAccumulatedStats(c10::DeviceIndex /*device*/) override {}
  void resetPeakStats(c10::DeviceIndex device) override {
    const std::lock_guard lock(usage_mutex);
    Usage& used = usage.at(static_cast<std::size_t>(device));
    used.peak = used.now;
  }
#endif
};

/// Everything is done when its call returns: one stream per device, events that are always over.
struct StubGuard final : c10::impl::DeviceGuardImplInterface {
  StubGuard() = default;
  explicit StubGuard(c10::DeviceType /*type*/) {}
  c10::DeviceType type() const override { return c10::kCUDA; }
  c10::Device exchangeDevice(c10::Device device) const override {
    const c10::Device before = getDevice();
    setDevice(device);
    return before;
  }
  c10::Device getDevice() const override { return {c10::kCUDA, current}; }
  void setDevice(c10::Device device) const override { set_current_device(device.index()); }
  void uncheckedSetDevice(c10::Device device) const noexcept override {
    set_current_device(device.index());
  }
  c10::Stream getStream(c10::Device device) const noexcept override {
    return c10::Stream(c10::Stream::DEFAULT, device.has_index() ? device : getDevice());
  }
  c10::Stream getDefaultStream(c10::Device device) const override { return getStream(device); }
  c10::Stream exchangeStream(c10::Stream stream) const noexcept override { return stream; }
  c10::DeviceIndex deviceCount() const noexcept override { return device_count(); }
  void record(void** /*event*/, const c10::Stream& /*stream*/, const c10::DeviceIndex /*device*/,
              const c10::EventFlag /*flag*/) const override {}
  void block(void* /*event*/, const c10::Stream& /*stream*/) const override {}
  bool queryEvent(void* /*event*/) const override { return true; }
  bool queryStream(const c10::Stream& /*stream*/) const override { return true; }
  void synchronizeStream(const c10::Stream& /*stream*/) const override {}
};

C10_REGISTER_GUARD_IMPL(CUDA, StubGuard);

StubAllocator allocator;
const bool registered = [] {
  c10::SetAllocator(c10::kCUDA, &allocator);
  return true;
}();

}  // namespace

c10::DeviceIndex current_device() { return current; }

void set_current_device(c10::DeviceIndex device) {
  if (device >= 0) current = device;
}

}  // namespace cuda_stub
