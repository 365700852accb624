#pragma once

#include <filesystem>
#include <string>

namespace mnist_bench {

/// Throws Error(data): `path`, called `name` in the message, cannot be read, for the system's
/// reason `error` (an errno). The remedy covers permissions and broken links; `otherwise` is that
/// for other reasons.
[[noreturn]] void fail_unreadable(const std::filesystem::path& path, const std::string& name,
                                  int error, const std::string& otherwise);

}  // namespace mnist_bench
