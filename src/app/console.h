#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "experiment/observer.h"

namespace spdlog {
class logger;
}

namespace mnist_bench {

enum class LogFormat { text, json };

struct ConsoleOptions {
  LogFormat format = LogFormat::text;
  bool quiet = false;    ///< errors and warnings only
  bool verbose = false;  ///< adds details for finding a fault
  /// In the JSON format: lines of progress within an epoch too, for a program that shows them.
  bool progress_lines = false;
};

/// Everything that a run says on stderr and in its log file: lines, and on a terminal a block of
/// lines below them that is redrawn.
class Console final : public Observer {
 public:
  explicit Console(const ConsoleOptions& options);
  ~Console() override;
  Console(const Console&) = delete;  // one of them draws on the terminal
  Console& operator=(const Console&) = delete;

  void log_to(const std::filesystem::path& file) override;

  void debug(const std::string& message) override;
  void info(const std::string& message) override;
  /// `fields` are added to the line in the JSON format.
  void info(const std::string& message, const nlohmann::ordered_json& fields) override;
  void warn(const std::string& message) override;
  void warn(const Error& error);
  void error(const Error& error);

  void epoch(const EpochRecord& epoch, std::int64_t epochs, const ImageCounts& images) override;
  /// Shows the progress bar, at most ten times a second.
  void progress(const TrainProgress& progress, std::int64_t epochs) override;
  /// Replaces the block's lines by `lines`; does nothing where stderr is no terminal.
  void status(const std::vector<std::string>& lines) override;
  [[nodiscard]] bool status_due() const override;

  [[nodiscard]] bool quiet() const { return options_.quiet; }

 private:
  enum class Level { debug, info, warning, error };
  /// The remedy has a line of its own, or in the JSON format a field.
  void write(Level level, const std::string& message, nlohmann::ordered_json fields,
             const std::string& remedy = {});
  void clear_status();

  ConsoleOptions options_;
  bool redraws_;  ///< stderr is a terminal that can redraw a line
  bool color_;    ///< and shows colours
  std::size_t status_lines_ = 0;
  std::chrono::steady_clock::time_point last_status_;
  std::shared_ptr<spdlog::logger> file_;
};

/// Does nothing without errors. Warns once of each error after the first, then throws the first.
void throw_first(const std::vector<Error>& errors, Console& console);

}  // namespace mnist_bench
