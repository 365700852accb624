#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <string>

#include "app/command_line.h"

namespace {

/// A standard descriptor that was closed would be the next file's that is opened, and what is
/// printed would go into that. Opened for reading, writing to it is the error that it should be.
void occupy_standard_descriptors() {
  int descriptor = 0;
  do {
    descriptor = ::open("/dev/null", O_RDONLY);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) ::close(descriptor);
}

int run(int argc, char** argv) {
  using mnist_bench::Error;
  using mnist_bench::ExitCode;

  occupy_standard_descriptors();
  // The file size limit (ulimit -f) is a write error to report, not a signal to die of.
  std::signal(SIGXFSZ, SIG_IGN);
  mnist_bench::Session session;
  const auto report = [&session](const Error& error) {
    mnist_bench::Console(session.console).error(error);
    return static_cast<int>(error.code());
  };
  try {
    mnist_bench::run_command_line(argc, argv, session);
    return static_cast<int>(ExitCode::ok);
  } catch (const Error& error) {
    return report(error);
  } catch (const std::filesystem::filesystem_error& error) {
    return report(Error(ExitCode::io, error.what()));
  } catch (const std::exception& error) {
    // What no layer foresaw; a backtrace behind the first line helps nobody here.
    const std::string text = error.what();
    return report(Error(ExitCode::run_failed, "unexpected: " + text.substr(0, text.find('\n')),
                        "please report this with the command line and the config"));
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int code = run(argc, argv);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return code;  // their reports come with an orderly end
#else
  // What was printed is flushed, what was written is closed: the destructors of LibTorch's globals
  // are left out, a quarter of the time that a short command takes.
  ::_exit(code);
#endif
}
