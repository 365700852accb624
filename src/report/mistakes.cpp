#include "report/mistakes.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/error.h"
#include "data/dataset.h"
#include "record/read_predictions.h"

namespace mnist_bench {
namespace {

void append_big_endian(std::string& bytes, std::uint32_t value) {
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>((value >> shift) & 0xFFU);
}

void append_chunk(std::string& png, const std::string& type_and_data) {
  append_big_endian(png, static_cast<std::uint32_t>(type_and_data.size() - 4));
  png += type_and_data;
  const auto* bytes = reinterpret_cast<const Bytef*>(type_and_data.data());
  append_big_endian(
      png, static_cast<std::uint32_t>(::crc32(0, bytes, static_cast<uInt>(type_and_data.size()))));
}

/// An 8-bit greyscale PNG (ISO/IEC 15948) of ink on paper: 255 is drawn black.
std::string png_of(std::span<const std::uint8_t> pixels, std::int64_t rows, std::int64_t columns) {
  std::string lines;
  for (std::int64_t row = 0; row < rows; ++row) {
    lines += '\0';  // filter: none
    for (std::int64_t column = 0; column < columns; ++column) {
      lines += static_cast<char>(255 - pixels[static_cast<std::size_t>(row * columns + column)]);
    }
  }
  uLongf size = ::compressBound(static_cast<uLong>(lines.size()));
  std::string packed(size, '\0');
  ::compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
              reinterpret_cast<const Bytef*>(lines.data()), static_cast<uLong>(lines.size()),
              Z_BEST_COMPRESSION);
  packed.resize(size);
  std::string header = "IHDR";
  append_big_endian(header, static_cast<std::uint32_t>(columns));
  append_big_endian(header, static_cast<std::uint32_t>(rows));
  header += std::string("\x08\x00\x00\x00\x00", 5);  // 8 bits, greyscale
  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, header);
  append_chunk(png, "IDAT" + packed);
  append_chunk(png, "IEND");
  return png;
}

/// What the runs say of one image, as far as they are wrong.
struct Verdicts {
  std::int64_t truth = 0;
  double confidence = 0.0;  ///< summed
  std::vector<Prediction> wrong;
};

std::map<std::int64_t, Verdicts> wrong_predictions(const RunGroup& group) {
  std::map<std::int64_t, Verdicts> verdicts;
  for (const StoredRun& run : group.completed) {
    for (const Prediction& p : read_predictions(run.folder)) {
      if (p.predicted == p.truth) continue;
      Verdicts& of_image = verdicts[p.index];
      of_image.truth = p.truth;
      of_image.confidence += static_cast<double>(p.probability);
      of_image.wrong.push_back(p);
    }
  }
  return verdicts;
}

/// The class that most of the wrong runs say; of equals the one said with most confidence.
std::int64_t said_by_most(const std::vector<Prediction>& wrong) {
  std::map<std::int64_t, std::pair<std::int64_t, float>> votes;
  for (const Prediction& p : wrong) {
    auto& [count, probability] = votes[p.predicted];
    ++count;
    probability += p.probability;
  }
  return std::max_element(votes.begin(), votes.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

Dataset data_of(const RunGroup& group) {
  const RunResult& run = group.completed.front().result;
  Dataset dataset =
      load_dataset(run.config.data.directory ? std::filesystem::path(*run.config.data.directory)
                                             : shipped_mnist());
  if (!run.data || dataset.test.sha256 != run.data->test.sha256) {
    throw Error(ExitCode::data, "the test images found are not those that the runs were tested on");
  }
  return dataset;
}

}  // namespace

Mistakes find_mistakes(const RunGroup& group, std::size_t count) {
  Mistakes mistakes;
  if (group.completed.empty()) {
    mistakes.unavailable = "no run completed";
    return mistakes;
  }
  try {
    const Dataset dataset = data_of(group);
    const auto verdicts = wrong_predictions(group);
    mistakes.images = static_cast<std::int64_t>(verdicts.size());
    for (const auto& [index, of_image] : verdicts) {
      const auto runs = static_cast<std::int64_t>(of_image.wrong.size());
      mistakes.worst.push_back({.index = index,
                                .truth = of_image.truth,
                                .predicted = said_by_most(of_image.wrong),
                                .runs_wrong = runs,
                                .confidence = of_image.confidence / static_cast<double>(runs),
                                .png = {}});
    }
    const auto summed = [](const Mistake& m) {
      return m.confidence * static_cast<double>(m.runs_wrong);
    };
    std::stable_sort(mistakes.worst.begin(), mistakes.worst.end(),
                     [&](const Mistake& a, const Mistake& b) { return summed(a) > summed(b); });
    mistakes.worst.resize(std::min(count, mistakes.worst.size()));
    const ImageSet& test = dataset.test;
    const auto pixels = static_cast<std::size_t>(test.rows * test.columns);
    for (Mistake& mistake : mistakes.worst) {
      if (mistake.index >= test.size()) {
        throw Error(ExitCode::data, fmt::format("there is no test image {}", mistake.index));
      }
      mistake.png = png_of(
          std::span(test.pixels).subspan(static_cast<std::size_t>(mistake.index) * pixels, pixels),
          test.rows, test.columns);
    }
  } catch (const Error& error) {
    mistakes = {.worst = {}, .images = 0, .unavailable = error.what()};
  }
  return mistakes;
}

}  // namespace mnist_bench
