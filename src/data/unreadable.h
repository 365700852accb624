#pragma once

#include <filesystem>
#include <string>

namespace mnist_bench {

/// Throws Error(data): that `path`, which a message calls `name`, cannot be read, with the system's
/// reason `error` (an errno), and what to do about that: permissions, a link that points to
/// nothing. `otherwise`: what to do about other reasons.
[[noreturn]] void fail_unreadable(const std::filesystem::path& path, const std::string& name,
                                  int error, const std::string& otherwise);

}  // namespace mnist_bench
