#include "record/devices.h"

#include <algorithm>

namespace mnist_bench {
namespace {

/// Those that the epochs name, each once; none where no epoch names one.
std::vector<std::string> named_devices(const std::vector<EpochRecord>& epochs) {
  std::vector<std::string> devices;
  const bool named = std::any_of(epochs.begin(), epochs.end(),
                                 [](const EpochRecord& epoch) { return !epoch.device.empty(); });
  if (!named) return devices;
  for (const EpochRecord& epoch : epochs) {
    // Version 0.1.0 names none, and computes on the CPU.
    const std::string device = epoch.device.empty() ? "cpu" : epoch.device;
    if (std::find(devices.begin(), devices.end(), device) == devices.end()) {
      devices.push_back(device);
    }
  }
  return devices;
}

}  // namespace

std::string device_of(const Provenance& provenance) {
  return provenance.device.starts_with("cuda") ? provenance.device_name : "cpu";
}

std::vector<std::string> devices_of(const RunResult& result) {
  if (!result.provenance) return {};
  std::vector<std::string> devices = named_devices(result.epochs);
  std::string last = device_of(*result.provenance);
  if (std::find(devices.begin(), devices.end(), last) == devices.end()) {
    devices.push_back(std::move(last));
  }
  return devices;
}

SampleSummary seconds_per_epoch(const RunResult& result) {
  if (named_devices(result.epochs).size() > 1) return {};
  std::vector<double> seconds;
  seconds.reserve(result.epochs.size());
  for (const EpochRecord& epoch : result.epochs) seconds.push_back(epoch.train_seconds);
  if (result.config.training.steps && result.data && !seconds.empty()) {
    const std::int64_t images = result.data->train.samples;
    const std::int64_t in_last =
        schedule_of(result.config.training, images).images_in(result.epochs.back().epoch);
    seconds.back() *= static_cast<double>(images) / static_cast<double>(in_last);
  }
  return summary_of(seconds);
}

}  // namespace mnist_bench
