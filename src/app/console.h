#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/error.h"
#include "record/result.h"
#include "train/progress.h"

namespace spdlog {
class logger;
}

namespace mnist_bench {

enum class LogFormat { text, json };

struct ConsoleOptions {
  LogFormat format = LogFormat::text;
  bool quiet = false;    ///< errors and warnings only
  bool verbose = false;  ///< adds what only someone who looks for a fault wants
};

/// Everything that a run says on stderr and in its log file: lines, and on a terminal a progress
/// bar below them.
class Console {
 public:
  explicit Console(const ConsoleOptions& options);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  /// From now on all lines also go to `file`.
  void log_to(const std::filesystem::path& file);

  /// `fields` are added to the line in the JSON format, where a program reads it.
  void debug(const std::string& message);
  void info(const std::string& message);
  void info(const std::string& message, const nlohmann::ordered_json& fields);
  void warn(const std::string& message);
  void error(const Error& error);

  void epoch(const EpochRecord& epoch, std::int64_t epochs);
  /// Redraws the bar, at most ten times a second; does nothing where there is none.
  void progress(const TrainProgress& progress, std::int64_t epochs);

  [[nodiscard]] bool quiet() const { return options_.quiet; }

 private:
  enum class Level { debug, info, warning, error };
  void write(Level level, const std::string& message, const nlohmann::ordered_json& fields);
  void clear_bar();

  ConsoleOptions options_;
  bool bar_;    ///< stderr is a terminal that can redraw a line
  bool color_;  ///< and shows colours
  bool bar_drawn_ = false;
  std::chrono::steady_clock::time_point last_drawn_;
  std::shared_ptr<spdlog::logger> file_;
};

}  // namespace mnist_bench
