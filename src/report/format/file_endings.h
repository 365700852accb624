#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace mnist_bench {

/// The format of `file` by how its name ends, upper or lower case. A format has an `ending` in
/// lower case. Throws Error(usage), which lists the endings there are.
template <class Format>
const Format& format_by_ending(const std::vector<Format>& formats,
                               const std::filesystem::path& file) {
  const std::string name = lower_case(file.filename().string());
  std::string known;
  for (const Format& format : formats) {
    const bool bare = name == format.ending && name.starts_with('.');  // a hidden file, no ending
    if (name.ends_with(format.ending) && !bare) return format;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", format.ending);
  }
  throw Error(ExitCode::usage,
              fmt::format("cannot tell the format of '{}' by its name", file.string()),
              fmt::format("name a file that ends in one of {}", known));
}

}  // namespace mnist_bench
