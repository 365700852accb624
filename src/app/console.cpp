#include "app/console.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>

#include "base/escape.h"
#include "base/files.h"
#include "base/text.h"
#include "record/result_json.h"
#include "report/rounding.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

constexpr std::string_view kLevelNames[] = {"debug", "info", "warning", "error"};
constexpr std::string_view kLevelColors[] = {"2", "0", "33", "31"};

bool environment_has(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

bool can_redraw() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && *terminal != '\0' &&
         std::string_view(terminal) != "dumb";
}

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

std::string duration_text(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
}

/// Writes to stderr at once, unchanged: names, arguments and contents of files go through
/// `printable` first. A stderr that cannot be written to (a closed pipe) must not end a run.
void say(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

/// Appends lines to an open file. spdlog's own sink opens a file by its name and follows a link.
class FileSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit FileSink(Descriptor file) : file_(std::move(file)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    if (!write_all(file_.get(), {line.data(), line.size()})) {
      throw spdlog::spdlog_ex("cannot be written", errno);
    }
  }
  void flush_() override {}

  Descriptor file_;
};
/// The first `width` bytes of `text` or less, no UTF-8 sequence cut.
std::string cut_to_line(const std::string& text, std::size_t width) {
  std::string line;
  for (const char c : printable(text)) line += c == '\n' || c == '\t' ? ' ' : c;
  std::size_t end = std::min(width, line.size());
  while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;
  return line.substr(0, end);
}

std::string json_line(std::string_view level, const std::string& message,
                      const nlohmann::ordered_json& fields) {
  nlohmann::ordered_json line = {{"time", utc_now()}, {"level", level}, {"message", message}};
  if (!fields.is_null()) line.update(fields);
  return printable(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)) +
         "\n";
}

/// "epoch 2/5 [=====     ]  50%  loss 0.1234  15,000 images/s  12s left"; without the bar if it has
/// no cells.
std::string progress_text(const TrainProgress& p, std::int64_t epochs, std::int64_t cells) {
  const std::int64_t filled = cells * p.step / p.steps;
  const std::string bar =
      cells == 0 ? ""
                 : fmt::format("[{}{}] ", std::string(static_cast<std::size_t>(filled), '='),
                               std::string(static_cast<std::size_t>(cells - filled), ' '));
  // The time left in this epoch and the following ones, at this epoch's pace (training alone).
  const double pace = p.seconds / static_cast<double>(p.step);
  const double left = pace * static_cast<double>(p.steps_left);
  return fmt::format("epoch {}/{} {}{:3}%  loss {}  {} images/s  {} left", p.epoch, epochs, bar,
                     100 * p.step / p.steps, p.loss ? fmt::format("{:.4f}", *p.loss) : "-",
                     with_commas(static_cast<long long>(p.images_per_second)), duration_text(left));
}

}  // namespace

Console::Console(const ConsoleOptions& options)
    : options_(options),
      redraws_(can_redraw() && !options.quiet && options.format == LogFormat::text),
      color_(can_redraw() && !environment_has("NO_COLOR")) {}

Console::~Console() { clear_status(); }

void Console::log_to(const std::filesystem::path& file) {
  file_ = std::make_shared<spdlog::logger>(
      "file", std::make_shared<FileSink>(open_own_file(file, O_WRONLY | O_APPEND)));
  file_->set_error_handler(
      [](const std::string& message) { say("warning: log.txt: " + printable(message) + "\n"); });
  file_->set_level(spdlog::level::debug);
  file_->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %-7l %v",
                                                                   spdlog::pattern_time_type::utc));
}

void Console::debug(const std::string& message) { write(Level::debug, message, {}); }

void Console::info(const std::string& message) { write(Level::info, message, {}); }

void Console::info(const std::string& message, const nlohmann::ordered_json& fields) {
  write(Level::info, message, fields);
}

void Console::warn(const std::string& message) { write(Level::warning, message, {}); }

void Console::warn(const Error& error) { write(Level::warning, error.what(), {}, error.remedy()); }

void Console::error(const Error& error) {
  const nlohmann::ordered_json fields = {{"exit_code", static_cast<int>(error.code())}};
  write(Level::error, error.what(), fields, error.remedy());
}

void Console::epoch(const EpochRecord& e, std::int64_t epochs, const ImageCounts& images) {
  const auto scores = [](const char* name, const std::optional<EpochScores>& of,
                         std::int64_t count) {
    if (!of) return std::string();
    return fmt::format("{} loss {:.4f}, accuracy {} %, macro F1 {} %; ", name, of->loss,
                       percent_of_images(of->accuracy, count),
                       percent_of_images(of->macro_f1, count));
  };
  info(fmt::format("epoch {}/{}: train loss {:.4f}, accuracy {} %; {}{}{} s, {} images/s", e.epoch,
                   epochs, e.train_loss, percent_of_images(e.train_accuracy, images.train),
                   scores("validation", e.validation, images.validation),
                   scores("test", e.test, images.test),
                   rounded(e.train_seconds, telling_decimals(e.train_seconds, 2)),
                   with_commas(static_cast<long long>(e.images_per_second))),
       to_json(e));
}

void Console::progress(const TrainProgress& progress, std::int64_t epochs) {
  if (!status_due()) return;
  if (redraws_) {
    status({progress_text(progress, epochs, /*cells=*/24)});
  } else if (options_.progress_lines) {
    last_status_ = std::chrono::steady_clock::now();
    say(json_line("info", "progress",
                  {{"event", "progress"}, {"text", progress_text(progress, epochs, /*cells=*/0)}}));
  }
}

bool Console::status_due() const {
  if (!redraws_ && !options_.progress_lines) return false;
  return std::chrono::steady_clock::now() - last_status_ >= std::chrono::milliseconds(100);
}

void Console::status(const std::vector<std::string>& lines) {
  if (!redraws_) return;
  last_status_ = std::chrono::steady_clock::now();
  clear_status();
  // A line that wraps could not be redrawn.
  const std::size_t width = terminal_width() - 1;
  std::string text;
  for (const std::string& line : lines) {
    if (!text.empty()) text += "\n";
    text += cut_to_line(line, width);
  }
  say(text);
  status_lines_ = lines.size();
}

void Console::clear_status() {
  if (status_lines_ == 0) return;
  std::string text = "\r\x1b[K";
  for (std::size_t i = 1; i < status_lines_; ++i) text += "\x1b[A\x1b[K";
  say(text);
  status_lines_ = 0;
}

void Console::write(Level level, const std::string& message, nlohmann::ordered_json fields,
                    const std::string& remedy) {
  std::string shown = one_line(message);
  if (!remedy.empty()) shown += "\n  " + one_line(remedy);
  if (file_) {
    constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                     spdlog::level::warn, spdlog::level::err};
    // Printable too: a log is what people show on a terminal.
    file_->log(kLevels[static_cast<int>(level)], spdlog::string_view_t(shown));
  }
  if (level == Level::debug && !options_.verbose) return;
  if (level == Level::info && options_.quiet) return;
  clear_status();
  const std::string_view name = kLevelNames[static_cast<int>(level)];
  if (options_.format == LogFormat::json) {
    if (!remedy.empty()) fields["remedy"] = remedy;
    say(json_line(name, message, fields));
  } else if (level == Level::info) {
    say(shown + "\n");
  } else if (color_) {
    say(fmt::format("\x1b[{}m{}:\x1b[0m {}\n", kLevelColors[static_cast<int>(level)], name, shown));
  } else {
    say(fmt::format("{}: {}\n", name, shown));
  }
}

void throw_first(const std::vector<Error>& errors, Console& console) {
  if (errors.empty()) return;
  std::set<std::string> said = {errors.front().what()};
  for (const Error& error : errors) {
    if (said.insert(error.what()).second) console.warn(error);
  }
  throw Error(errors.front());
}

}  // namespace mnist_bench
