#include "experiment/worker.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/as_error.h"
#include "base/descriptor.h"
#include "config/read.h"
#include "config/write.h"
#include "experiment/run.h"
#include "record/result_json.h"
#include "runtime/cuda.h"
#include "runtime/interrupt.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void fail(const char* step, int error) {
  throw Error(ExitCode::io,
              fmt::format("cannot start a worker: {}: {}", step, errno_message(error)),
              "check the limits on processes and open files, or use fewer --jobs");
}

/// Both ends close on exec: a worker must not hold another's pipes open.
std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe", errno);
  return ends;
}

void close_once(int& descriptor) {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

/// Executes one request and reports it on stderr.
void execute(const WorkRequest& request, DataCache& data, Observer& observer) {
  Json end = {{"event", "end"}};
  try {
    const StoredRun run = run_experiment(request.config,
                                         {.existing = request.existing,
                                          .jobs = request.jobs,
                                          .command = request.command,
                                          .write_async = true},
                                         data, observer);
    end["status"] = to_string(run.result.status);
    if (run.result.error) end["error"] = *run.result.error;
    if (run.result.timing.fit_seconds) end["train_seconds"] = *run.result.timing.fit_seconds;
    if (run.result.test) {
      end["accuracy"] = run.result.test->metrics.accuracy.value_or(0.0);
      end["test_images"] = run.result.test->metrics.samples;
    }
  } catch (const std::exception& exception) {
    const Error error = as_error(exception);
    end["status"] = to_string(RunStatus::failed);
    end["in_use"] = error.cause() == Cause::folder_in_use;
    end["error"] = error.what();
    end["exit_code"] = static_cast<int>(error.code());
  }
  observer.info("end of the run", end);
}

/// Executes requests from stdin until its end.
void work(bool cuda, DataCache& data, const ObserverFactory& make_observer) {
  if (cuda) cuda_status();
  // A signal between two runs: later requests are left to another worker.
  for (std::string line; !interrupted() && std::getline(std::cin, line) && !interrupted();) {
    execute(work_request_from(Json::parse(line)), data, *make_observer());
  }
}

/// The life of the process that `sweep` has just forked. It ends by _exit: all else at the end of a
/// program (flushing streams, say) is up to the sweep.
[[noreturn]] void be_worker(pid_t sweep, const std::vector<int>& cores, bool cuda, DataCache& data,
                            const ObserverFactory& make_observer, int requests, int events) {
  handle_interrupts_of_worker();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != sweep) ::_exit(EXIT_SUCCESS);  // it ended before this could be asked for
  // Its own process group: Ctrl-C at the terminal reaches the sweep alone, which passes it on once.
  ::setpgid(0, 0);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (::dup2(requests, STDIN_FILENO) < 0 || ::dup2(nowhere, STDOUT_FILENO) < 0 ||
      ::dup2(events, STDERR_FILENO) < 0) {
    ::_exit(EXIT_FAILURE);
  }
  // Other open descriptors are the sweep's: an end of another worker's pipe would keep it open.
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  if (!cores.empty()) pin_to(cores);
  try {
    work(cuda, data, make_observer);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    ::_exit(EXIT_FAILURE);
  }
  ::_exit(EXIT_SUCCESS);
}

}  // namespace

Json to_json(const WorkRequest& request) {
  return {{"config", to_json(request.config)},
          {"replace", request.existing == Existing::replace},
          {"jobs", request.jobs},
          {"command", request.command}};
}

WorkRequest work_request_from(const Json& json) {
  return {.config = parse_experiment(json.at("config").dump(), "request"),
          .existing = json.at("replace").get<bool>() ? Existing::replace : Existing::resume,
          .jobs = json.at("jobs"),
          .command = json.at("command")};
}

Worker::Worker(const std::vector<int>& cores, bool cuda, DataCache& data,
               const ObserverFactory& make_observer) {
  start(cores, cuda, data, make_observer);
}

void Worker::start(const std::vector<int>& cores, bool cuda, DataCache& data,
                   const ObserverFactory& make_observer) {
  auto [request_read, request_write] = make_pipe();
  auto [event_read, event_write] = make_pipe();
  requests_ = request_write;
  events_ = event_read;
  const pid_t sweep = ::getpid();
  process_ = ::fork();
  if (process_ == 0) be_worker(sweep, cores, cuda, data, make_observer, request_read, event_write);
  const int error = errno;
  close_once(request_read);
  close_once(event_write);
  if (process_ > 0) return;
  close_once(requests_);
  close_once(events_);
  fail("fork", error);
}

Worker::~Worker() {
  close_once(requests_);
  close_once(events_);
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void Worker::send(const WorkRequest& request) const {
  const std::string line = to_json(request).dump() + "\n";
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(requests_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    // A dead worker is noticed by its end.
    if (written < 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void Worker::close() { close_once(requests_); }

void Worker::interrupt() const {
  if (process_ >= 0) ::kill(process_, SIGTERM);
}

std::vector<std::string> Worker::read_lines() {
  std::array<char, 65536> block{};
  const ssize_t count = ::read(events_, block.data(), block.size());
  if (count < 0 && errno == EINTR) return {};
  if (count <= 0) {
    ended_ = true;
    return {};
  }
  partial_line_.append(block.data(), static_cast<std::size_t>(count));
  std::vector<std::string> lines;
  for (auto end = partial_line_.find('\n'); end != std::string::npos;
       end = partial_line_.find('\n')) {
    lines.push_back(partial_line_.substr(0, end));
    partial_line_.erase(0, end + 1);
  }
  return lines;
}

std::optional<std::string> Worker::wait() {
  int status = 0;
  while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
  }
  process_ = -1;
  if (WIFSIGNALED(status)) {
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) == EXIT_SUCCESS) return std::nullopt;
  return fmt::format("ended with exit code {}", WEXITSTATUS(status));
}

}  // namespace mnist_bench
