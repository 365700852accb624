#include "base/as_error.h"

#include <fmt/format.h>

#include <filesystem>
#include <new>
#include <system_error>

namespace mnist_bench {
namespace {

constexpr const char* kThreadRemedy =
    "raise the limit on processes (ulimit -u, the control group's pids.max) or on memory, or set "
    "threads to a smaller number";

}  // namespace

Error threads_refused(std::int64_t threads, std::size_t started, const std::string& reason) {
  return {ExitCode::run_failed,
          fmt::format("cannot start {} threads, only {}: {}", threads, started, reason),
          kThreadRemedy};
}

Error as_error(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return *known;
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return {ExitCode::run_failed, "out of memory"};
  }
  if (dynamic_cast<const std::filesystem::filesystem_error*>(&error) != nullptr) {
    return {ExitCode::io, error.what()};
  }
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  if (system != nullptr && system->code() == std::errc::resource_unavailable_try_again) {
    return {ExitCode::run_failed, fmt::format("cannot start a thread: {}", system->what()),
            kThreadRemedy};
  }
  // Unforeseen. A backtrace after the first line would not help the user.
  const std::string text = error.what();
  return {ExitCode::run_failed, "unexpected: " + text.substr(0, text.find('\n')),
          "please report this with the command line and the config"};
}

}  // namespace mnist_bench
