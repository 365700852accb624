#include "runtime/default_threads.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>
#include <utility>

#include "base/escape.h"
#include "runtime/process.h"

namespace mnist_bench {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> words_of(const std::string& text, char separator) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; std::getline(stream, word, separator);) words.push_back(word);
  return words;
}

bool has_word(const std::string& list, std::string_view word) {
  for (const std::string& one : words_of(list, ',')) {
    if (one == word) return true;
  }
  return false;
}

template <class Number>
std::optional<Number> number_from(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Spaces and the like are \NNN, octal, in /proc/self/mountinfo.
std::string unescaped(const std::string& text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    const bool escape =
        text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(&text[i + 1], &text[i + 1] + 3, byte, 8).ptr == &text[i + 1] + 3;
    result += escape ? static_cast<char>(byte) : text[i];
    if (escape) i += 3;
  }
  return result;
}

/// A mounted hierarchy of control groups that may limit CPU time.
struct Hierarchy {
  bool version_2 = false;
  std::string shown;  ///< the group that the mount shows as its top
  std::string at;     ///< where it is mounted
};

/// A line of mountinfo: "36 35 0:30 /shown /at rw,relatime shared:9 - cgroup2 cgroup rw,..".
std::optional<Hierarchy> hierarchy_from(const std::string& line) {
  const std::size_t dash = line.find(" - ");
  if (dash == std::string::npos) return std::nullopt;
  const std::vector<std::string> before = words_of(line.substr(0, dash), ' ');
  const std::vector<std::string> after = words_of(line.substr(dash + 3), ' ');
  if (before.size() < 5 || after.size() < 3) return std::nullopt;
  const bool version_2 = after[0] == "cgroup2";
  if (!version_2 && !(after[0] == "cgroup" && has_word(after[2], "cpu"))) return std::nullopt;
  return Hierarchy{
      .version_2 = version_2, .shown = unescaped(before[3]), .at = unescaped(before[4])};
}

/// The group's path below the hierarchy's mount. A container may see its host's path: a path that
/// is not below the mount's top counts as that top.
std::string below_mount(const std::string& group, const std::string& shown) {
  if (shown == "/") return group;
  if (group == shown || group.starts_with(shown + "/")) return group.substr(shown.size());
  return "/";
}

/// In /proc/self/cgroup: "0::/group" (version 2), "4:cpu,cpuacct:/group" (version 1).
std::optional<std::string> group_in(const Hierarchy& hierarchy,
                                    const std::vector<std::string>& cgroup) {
  for (const std::string& line : cgroup) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (hierarchy.version_2 ? line.starts_with("0::") : has_word(controllers, "cpu")) {
      return below_mount(line.substr(second + 1), hierarchy.shown);
    }
  }
  return std::nullopt;
}

/// The quota of one group alone; absent without a quota.
std::optional<double> quota_of(const fs::path& group, bool version_2) {
  std::vector<std::string> numbers;  // of microseconds: quota, period
  if (version_2) {
    const std::vector<std::string> lines = lines_of(group / "cpu.max");
    if (!lines.empty()) numbers = words_of(lines[0], ' ');
  } else {
    for (const char* file : {"cpu.cfs_quota_us", "cpu.cfs_period_us"}) {
      for (const std::string& line : lines_of(group / file)) numbers.push_back(line);
    }
  }
  if (numbers.size() != 2) return std::nullopt;
  const auto quota = number_from<double>(numbers[0]);  // "max" or -1: none
  const auto period = number_from<double>(numbers[1]);
  if (!quota || !period || !(*quota > 0) || !(*period > 0)) return std::nullopt;
  return *quota / *period;
}

void keep_smaller(std::optional<double>& smallest, std::optional<double> other) {
  if (other && (!smallest || *other < *smallest)) smallest = other;
}

/// A number of threads that a variable asks for.
std::optional<std::int64_t> threads_from(const std::string& name, const Environment& environment,
                                         bool list, std::vector<std::string>& ignored) {
  const std::optional<std::string> value = environment(name);
  if (!value) return std::nullopt;
  std::string first = list ? value->substr(0, value->find(',')) : *value;
  first.erase(0, first.find_first_not_of(" \t"));
  first.erase(first.find_last_not_of(" \t") + 1);
  const auto threads = number_from<std::int64_t>(first);
  if (threads && *threads >= 1) return threads;
  ignored.push_back(
      fmt::format("{}={} is not a number of threads; ignored", name, escaped(*value)));
  return std::nullopt;
}

}  // namespace

std::optional<double> cpu_quota(const fs::path& root) {
  const std::vector<std::string> cgroup = lines_of(root / "proc/self/cgroup");
  std::optional<double> smallest;
  for (const std::string& line : lines_of(root / "proc/self/mountinfo")) {
    const std::optional<Hierarchy> hierarchy = hierarchy_from(line);
    if (!hierarchy) continue;
    const std::optional<std::string> group = group_in(*hierarchy, cgroup);
    if (!group) continue;
    const fs::path top = root / fs::path(hierarchy->at).relative_path();
    fs::path folder = top;
    keep_smaller(smallest, quota_of(folder, hierarchy->version_2));
    for (const fs::path& part : fs::path(*group).relative_path()) {
      if (part == "..") break;  // the process was moved out of what it can see
      folder /= part;
      keep_smaller(smallest, quota_of(folder, hierarchy->version_2));
    }
  }
  return smallest;
}

DefaultThreads default_threads(std::int64_t cores, const fs::path& root,
                               const Environment& environment) {
  DefaultThreads result{.threads = cores, .decided_by = "the cores it may run on", .ignored = {}};
  const auto limit = [&](std::optional<std::int64_t> threads, const std::string& by) {
    if (!threads || *threads >= result.threads) return;
    result.threads = *threads;
    result.decided_by = by;
  };
  if (const std::optional<double> quota = cpu_quota(root)) {
    // A quota beyond the cores limits nothing, however large it is.
    const double rounded = std::min(std::ceil(*quota), static_cast<double>(cores));
    limit(std::max<std::int64_t>(1, static_cast<std::int64_t>(rounded)),
          fmt::format("its control group's CPU quota of {:.3g} cores", *quota));
  }
  for (const auto& [name, list] :
       {std::pair("OMP_NUM_THREADS", true), {"SLURM_CPUS_PER_TASK", false}}) {
    limit(threads_from(name, environment, list, result.ignored), name);
  }
  return result;
}

DefaultThreads default_threads() {
  return default_threads(available_cores(), "/", [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  });
}

}  // namespace mnist_bench
