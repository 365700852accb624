#include "experiment/run_error.h"

#include <c10/util/Exception.h>
#include <fmt/format.h>

#include <new>
#include <string>

#include "base/as_error.h"
#include "runtime/cuda.h"

namespace mnist_bench {
namespace {

/// What broke a run, as one line. LibTorch's messages carry a backtrace after the first.
std::string first_line(const std::exception& error) {
  const std::string text = error.what();
  return text.substr(0, text.find('\n'));
}

Error out_of_memory() {
  return {ExitCode::run_failed, "out of memory",
          "make the model or training.batch_size smaller, or set data.train_limit"};
}

/// LibTorch's message has many more sentences about its allocator's settings; the first three say
/// what was requested and what is available.
Error out_of_device_memory(const std::exception& error) {
  const std::string text = first_line(error);
  std::size_t end = 0;
  for (int sentence = 0; sentence < 3 && end != std::string::npos; ++sentence) {
    end = text.find(". ", end == 0 ? 0 : end + 1);
  }
  return {
      ExitCode::run_failed, fmt::format("the GPU's memory is full: {}", text.substr(0, end)),
      "make the model or training.batch_size smaller, set data.train_limit, or end other processes "
      "on the GPU (nvidia-smi lists them)"};
}

}  // namespace

Error run_error(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return out_of_memory();
  const auto* of_libtorch = dynamic_cast<const c10::Error*>(&error);
  if (of_libtorch == nullptr) return as_error(error);
  if (is_out_of_device_memory(*of_libtorch)) return out_of_device_memory(error);
  if (first_line(error).find("DefaultCPUAllocator") != std::string::npos) return out_of_memory();
  return {ExitCode::run_failed, "LibTorch gave up: " + first_line(error),
          "if it is about memory, make the model or training.batch_size smaller; if about numbers, "
          "optimizer.learning_rate"};
}

}  // namespace mnist_bench
