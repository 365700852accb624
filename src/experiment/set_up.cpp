#include "experiment/set_up.h"

#include <fmt/format.h>

#include "classical/classifier.h"
#include "native/learner.h"
#include "runtime/cuda.h"
#include "runtime/device.h"
#include "runtime/process.h"

namespace mnist_bench {

DefaultThreads set_up_threads(std::optional<std::int64_t> wanted, Observer& observer) {
  DefaultThreads chosen{.threads = 1, .decided_by = "the config", .ignored = {}};
  if (wanted) {
    chosen.threads = *wanted;
  } else {
    chosen = default_threads();
  }
  set_threads(chosen.threads);
  for (const std::string& what : chosen.ignored) observer.warn(what);
  if (chosen.threads > available_cores()) {
    observer.warn(fmt::format("{} threads on {} available cores will slow each other down",
                              chosen.threads, available_cores()));
  }
  return chosen;
}

c10::Device set_up_device(std::optional<Engine> engine, const std::string& wanted,
                          Observer& observer) {
  if (!engine) {
    classical::check_device(wanted);
    return c10::kCPU;
  }
  if (engine == Engine::native) {
    native::check_device(wanted);
    return c10::kCPU;
  }
  const c10::Device device = choose_device(wanted);
  if (const auto warning = idle_gpu_warning(wanted)) observer.warn(*warning);
  if (device.is_cuda()) forbid_tf32();
  reset_peak_device_bytes(device);
  return device;
}

}  // namespace mnist_bench
