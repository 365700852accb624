#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <exception>

#include "app/command_line.h"
#include "base/as_error.h"

namespace {

/// A closed standard descriptor would be reused by the next file opened, and printed text would go
/// into that. Opened for reading, writing to it fails, as it should.
void occupy_standard_descriptors() {
  int descriptor = 0;
  do {
    descriptor = ::open("/dev/null", O_RDONLY);
  } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) ::close(descriptor);
}

int run(int argc, char** argv) {
  occupy_standard_descriptors();
  // Exceeding the file size limit (ulimit -f) is a write error to report, not a fatal signal.
  std::signal(SIGXFSZ, SIG_IGN);
  mnist_bench::Session session;
  try {
    mnist_bench::run_command_line(argc, argv, session);
    return static_cast<int>(mnist_bench::ExitCode::ok);
  } catch (const std::exception& exception) {
    const mnist_bench::Error error = mnist_bench::as_error(exception);
    mnist_bench::Console(session.console).error(error);
    return static_cast<int>(error.code());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int code = run(argc, argv);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return code;  // their reports come with an orderly end
#else
  // All output is flushed and closed. The destructors of LibTorch's globals would only take time.
  ::_exit(code);
#endif
}
