#include "data/unreadable.h"

#include <fmt/format.h>

#include <cerrno>
#include <optional>
#include <system_error>

#include "base/descriptor.h"
#include "base/error.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;

/// The first part of `path` that is a symbolic link to nothing.
std::optional<fs::path> dangling_link(const fs::path& path) {
  fs::path part;
  for (const fs::path& name : path) {
    part /= name;
    std::error_code error;
    if (fs::is_symlink(fs::symlink_status(part, error)) && !fs::exists(part, error)) return part;
  }
  return std::nullopt;
}

}  // namespace

void fail_unreadable(const fs::path& path, const std::string& name, int error,
                     const std::string& otherwise) {
  std::string cause = errno_message(error);
  std::string remedy = otherwise;
  if (error == EACCES || error == EPERM) {
    remedy =
        "let this user read it, and enter the folders above it (chmod u+r, of a folder u+rx), or "
        "use a copy of its own";
  } else if (error == ENOENT || error == ELOOP) {
    if (const auto link = dangling_link(path)) {
      std::error_code ignored;
      const std::string target = fs::read_symlink(*link, ignored).string();
      cause = fmt::format("{} is a link to {}, which {}",
                          *link == path ? std::string("it") : link->string(), target,
                          error == ELOOP ? "leads back to it" : "does not exist");
      remedy = "restore the file that the link points to, or replace the link by the file itself";
    }
  }
  throw Error(ExitCode::data, fmt::format("cannot read {}: {}", name, cause), remedy);
}

}  // namespace mnist_bench
