#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "record/result.h"
#include "train/train.h"

namespace mnist_bench {

/// Sizes of the sets, which turn an epoch's accuracies into counts of images.
struct ImageCounts {
  std::int64_t train = 0;
  std::int64_t test = 0;
  std::int64_t validation = 0;
};

/// Receives the progress of an experiment or a sweep: the console. This folder prints nothing
/// itself, except a worker process that fails: it writes its error to stderr, a pipe to the sweep.
class Observer {
 public:
  Observer() = default;
  virtual ~Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  /// From now on all lines also go to `file`. Throws Error(io) for one that is not a regular file.
  virtual void log_to(const std::filesystem::path& file) = 0;

  virtual void debug(const std::string& message) = 0;
  virtual void info(const std::string& message) = 0;
  /// `fields` are for a program that reads the lines.
  virtual void info(const std::string& message, const nlohmann::ordered_json& fields) = 0;
  virtual void warn(const std::string& message) = 0;

  virtual void epoch(const EpochRecord& epoch, std::int64_t epochs, const ImageCounts& images) = 0;
  virtual void progress(const TrainProgress& progress, std::int64_t epochs) = 0;
  /// `lines` show the state of a sweep and replace the previous ones.
  virtual void status(const std::vector<std::string>& lines) = 0;
  /// Whether it is time to show them again.
  [[nodiscard]] virtual bool status_due() const = 0;
};

}  // namespace mnist_bench
