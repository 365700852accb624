#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/commands.h"
#include "base/error.h"
#include "base/escape.h"
#include "base/files.h"
#include "base/folder_lock.h"
#include "base/sha256.h"
#include "base/text.h"
#include "data/data_files.h"
#include "data/dataset.h"
#include "data/dataset_warnings.h"
#include "data/transform_set.h"
#include "data/write_idx.h"
#include "transform/transform.h"

namespace mnist_bench {
namespace {

std::filesystem::path folder_or_shipped(const std::string& folder) {
  return folder.empty() ? shipped_mnist() : std::filesystem::path(folder);
}

void verify(const std::filesystem::path& folder) {
  const Dataset dataset = load_dataset(folder);
  std::vector<std::vector<std::string>> rows;
  for (const SourceFile& file : dataset.files) {
    rows.push_back({file.path.filename().string(), with_commas(file.raw_bytes), file.sha256,
                    file.known_as.value_or("unknown")});
  }
  print(text_table({Align::left, Align::right, Align::left, Align::left},
                   {"file", "raw bytes", "SHA-256 of the raw bytes", "known as"}, rows));
  if (!dataset.identified) {
    throw Error(ExitCode::data,
                fmt::format("{} is not a known data set ({})", folder.string(),
                            to_string(checksum_status(dataset))),
                "its files are sound IDX files, but their checksums are not those of MNIST or "
                "Fashion-MNIST");
  }
  print(fmt::format("{}: {}, all four checksums match\n", one_line(folder.string()),
                    *dataset.identified));
}

/// "26 classes (labels 1 to 26)", by the training images of each.
std::string classes_text(const std::vector<std::int64_t>& counts) {
  std::vector<std::size_t> present;
  for (std::size_t k = 0; k < counts.size(); ++k) {
    if (counts[k] > 0) present.push_back(k);
  }
  if (present.size() == 1) return fmt::format("1 class (label {})", present.front());
  return fmt::format("{} classes (labels {} to {})", present.size(), present.front(),
                     present.back());
}

void info(const std::filesystem::path& folder) {
  const Dataset dataset = load_dataset(folder);
  const auto size_row = [](const char* split, const ImageSet& set,
                           const PixelSummary& pixels) -> std::vector<std::string> {
    return {split,
            with_commas(set.size()),
            fmt::format("{} × {}", set.rows, set.columns),
            fmt::format("{:.4f}", pixels.statistics.mean),
            fmt::format("{:.4f}", pixels.statistics.sd),
            fmt::format("{} to {}", pixels.smallest, pixels.largest)};
  };
  const auto train = class_counts(dataset.train, dataset.classes);
  const auto test = class_counts(dataset.test, dataset.classes);
  print(fmt::format("{}: {}, {}\n\n", one_line(folder.string()),
                    dataset.identified.value_or(to_string(checksum_status(dataset))),
                    classes_text(train)));
  print(text_table(
      {Align::left, Align::right, Align::right, Align::right, Align::right, Align::right},
      {"split", "images", "pixels", "mean", "SD", "values"},
      {size_row("train", dataset.train, dataset.train_pixels),
       size_row("test", dataset.test, dataset.test_pixels)}));

  std::vector<std::vector<std::string>> rows;
  for (std::size_t k = 0; k < train.size(); ++k) {
    if (train[k] + test[k] == 0) continue;
    rows.push_back({std::to_string(k), with_commas(train[k]), with_commas(test[k])});
  }
  print("\n" +
        text_table({Align::right, Align::right, Align::right}, {"class", "train", "test"}, rows));
  Console console(ConsoleOptions{});
  for (const std::string& warning : dataset_warnings(dataset, "", DataConfig().normalization)) {
    console.warn(warning);
  }
}

struct DataExportArguments {
  std::string output;
  std::string data;
  std::string spec;
  bool raw = false;
  bool force = false;
};

/// The four files of a data set in `folder`, raw or compressed.
std::vector<std::filesystem::path> files_of_set(const std::filesystem::path& folder, bool raw) {
  std::vector<std::filesystem::path> files;
  for (const FileRole role : kFileRoles) {
    files.push_back(folder / fmt::format("{}{}", usual_name(role), raw ? "" : ".gz"));
  }
  return files;
}

/// Throws where the files to read are in the folder to write to.
void refuse_own_folder(const std::filesystem::path& data, const std::filesystem::path& output) {
  if (!std::filesystem::exists(output)) return;
  for (const std::vector<std::filesystem::path>& files : find_data_files(data)) {
    for (const std::filesystem::path& file : files) {
      if (!std::filesystem::equivalent(std::filesystem::canonical(file).parent_path(), output)) {
        continue;
      }
      throw Error(ExitCode::usage,
                  fmt::format("cannot export into {}: it holds the data to export, {}",
                              output.string(), file.string()),
                  "name another folder with -o");
    }
  }
}

/// Deletes the temporary files that a killed export of `files` has left in the folder.
void remove_temporary_sets(const std::filesystem::path& folder,
                           const std::vector<std::filesystem::path>& files) {
  std::vector<std::string> names;
  for (const std::filesystem::path& file : files) names.push_back(file.filename().string());
  std::vector<const char*> pointers;
  for (const std::string& name : names) pointers.push_back(name.c_str());
  remove_temporary_files(folder, pointers);
}

/// Throws where one of the files is there already.
void refuse_to_replace(const std::vector<std::filesystem::path>& files) {
  for (const std::filesystem::path& file : files) {
    if (!std::filesystem::exists(file)) continue;
    throw Error(ExitCode::io, fmt::format("{} exists already", file.string()),
                "use --force to replace it, or -o DIR for another folder");
  }
}

void export_data(const DataExportArguments& arguments) {
  const TransformChain chain =
      arguments.spec.empty() ? TransformChain{} : parse_spec(arguments.spec, "--transform");
  const std::filesystem::path folder = arguments.output;
  const std::filesystem::path data = folder_or_shipped(arguments.data);
  refuse_own_folder(data, folder);
  const std::vector<std::filesystem::path> files = files_of_set(folder, arguments.raw);
  // The same set raw and compressed would be two sets.
  std::vector<std::filesystem::path> earlier = files_of_set(folder, !arguments.raw);
  earlier.insert(earlier.end(), files.begin(), files.end());
  if (!arguments.force) refuse_to_replace(earlier);
  Dataset dataset = load_dataset(data);
  transform_dataset(dataset, chain);
  create_folders(folder);
  const FolderLock lock(folder);
  // Another process may have exported while the data were read.
  if (!arguments.force) refuse_to_replace(earlier);
  remove_temporary_sets(folder, earlier);
  const std::vector<std::string> contents = {idx_images(dataset.train), idx_labels(dataset.train),
                                             idx_images(dataset.test), idx_labels(dataset.test)};
  std::vector<FileBytes> written;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < files.size(); ++i) {
    written.push_back(
        {.path = files[i], .bytes = arguments.raw ? contents[i] : gzip_bytes(contents[i])});
    rows.push_back({one_line(files[i].string()),
                    with_commas(static_cast<long long>(contents[i].size())),
                    sha256_hex(contents[i])});
  }
  replace_files(written, earlier);
  print(text_table({Align::left, Align::right, Align::left},
                   {"file", "raw bytes", "SHA-256 of the raw bytes"}, rows));
}

void add_data_export_command(CLI::App& data) {
  auto arguments = std::make_shared<DataExportArguments>();
  CLI::App* command =
      data.add_subcommand("export", "Write a data set as four IDX files, transformed");
  command->footer(R"(
examples:
  mnist-bench data export -o permuted --transform permute_pixels:seed=1
  mnist-bench run configs/cnn.json data.directory=permuted)");
  command->add_option("-o,--output", arguments->output, "folder to write to")
      ->type_name("DIR")
      ->required();
  command
      ->add_option("--data", arguments->data,
                   "folder of the four IDX files to read (default: the shipped MNIST)")
      ->type_name("DIR");
  command
      ->add_option("--transform", arguments->spec,
                   "applied to training and test images: rotate:degrees=15+shift:dx=2")
      ->type_name("SPEC");
  command->add_flag("--no-gzip", arguments->raw, "write raw files, without .gz");
  command->add_flag("--force", arguments->force, "replace the files in the folder");
  command->callback([arguments] { export_data(*arguments); });
}

}  // namespace

void add_data_command(CLI::App& app) {
  CLI::App* data = app.add_subcommand("data", "Check, describe, export or draw a data set");
  data->require_subcommand(1);
  data->footer(
      "\nexamples:\n  mnist-bench data verify\n  mnist-bench data info ~/fashion-mnist\n"
      "  mnist-bench data export -o rotated --transform rotate:degrees=90");
  auto folder = std::make_shared<std::string>();
  const auto add = [&](const char* name, const char* help,
                       void (*command)(const std::filesystem::path&)) {
    CLI::App* added = data->add_subcommand(name, help);
    added->add_option("DIR", *folder,
                      "folder of the four IDX files, raw or .gz (default: the shipped MNIST)");
    added->footer(fmt::format("\nexample:\n  mnist-bench data {}", name));
    added->callback([folder, command] { command(folder_or_shipped(*folder)); });
  };
  add("verify", "Compare the raw files' SHA-256 with the known data sets'", verify);
  add_data_export_command(*data);
  add_data_sheet_command(*data);
  add("info", "Sizes, class counts, mean and SD of the pixels scaled to [0, 1]", info);
}

}  // namespace mnist_bench
