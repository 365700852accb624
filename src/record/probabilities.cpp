#include "record/probabilities.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "data/npy.h"

namespace mnist_bench {
namespace {

constexpr std::size_t kMostProbabilityBytes = std::size_t{1} << 30U;

}  // namespace

std::string probabilities_bytes(const Predictions& predictions) {
  const std::size_t images = predictions.classes.size();
  return npy_bytes(predictions.class_probabilities, static_cast<std::int64_t>(images),
                   static_cast<std::int64_t>(predictions.class_probabilities.size() / images));
}

std::filesystem::path probabilities_file(std::filesystem::path file) {
  return file.replace_extension(".npy");
}

void require_probabilities(const std::filesystem::path& file, const std::string& sha256) {
  if (sha256_hex(read_file(file, kMostProbabilityBytes, ExitCode::io)) == sha256) return;
  throw Error(ExitCode::io,
              fmt::format("{}: its bytes do not match the probabilities_sha256 of its record",
                          file.string()));
}

}  // namespace mnist_bench
