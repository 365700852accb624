#include "data/known_datasets.h"

#include <algorithm>
#include <array>

namespace mnist_bench {
namespace {

struct KnownDataset {
  std::string_view name;
  /// Index: FileRole.
  std::array<std::string_view, 4> sha256;
};

constexpr std::array<KnownDataset, 2> kKnownDatasets{{
    {"mnist",
     {"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}},
    {"fashion-mnist",
     {"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
      "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
      "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
      "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"}},
}};

}  // namespace

std::string_view to_string(FileRole role) {
  switch (role) {
    case FileRole::train_images:
      return "train_images";
    case FileRole::train_labels:
      return "train_labels";
    case FileRole::test_images:
      return "test_images";
    case FileRole::test_labels:
      return "test_labels";
  }
  return "";
}

std::optional<std::string> known_dataset(FileRole role, std::string_view sha256) {
  for (const KnownDataset& known : kKnownDatasets) {
    if (known.sha256.at(static_cast<std::size_t>(role)) == sha256) return std::string(known.name);
  }
  return std::nullopt;
}

bool is_known_dataset(std::string_view name) {
  return std::any_of(kKnownDatasets.begin(), kKnownDatasets.end(),
                     [&](const KnownDataset& known) { return known.name == name; });
}

}  // namespace mnist_bench
