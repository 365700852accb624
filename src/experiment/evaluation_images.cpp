#include "experiment/evaluation_images.h"

#include "base/clock.h"
#include "base/sha256.h"
#include "data/mnist_c.h"
#include "data/subset.h"
#include "data/transform_set.h"
#include "record/evaluation.h"

namespace mnist_bench {
namespace {

std::string sha256_of(const ImageSet& set) {
  Sha256 hash;
  hash.update(set.pixels.data(), set.pixels.size());
  hash.update(set.labels.data(), set.labels.size());
  return hash.hex();
}

}  // namespace

bool EvaluationImages::is_own() const { return name == kOwnTestSet; }

EvaluationImages test_images(const Dataset& data, const RunResult& result, bool is_own) {
  constexpr std::size_t kNameDigits = 12;
  EvaluationImages set{
      .name = is_own ? kOwnTestSet : data.test.sha256.substr(0, kNameDigits),
      .dataset = data.identified.value_or(is_own ? result.data->dataset : "unknown"),
      .images = data.test,
      .indices = {}};
  set.indices = limit_images(set.images, is_own ? result.config.data.test_limit : std::nullopt,
                             "data.test_limit");
  return set;
}

EvaluationImages training_images(const Dataset& data, const RunResult& result) {
  EvaluationImages set{.name = kOwnTrainingSet,
                       .dataset = data.identified.value_or(result.data->dataset),
                       .images = {},
                       .indices = training_split(data.train.labels, result.config.data).train};
  set.images = select(data.train, set.indices);
  return set;
}

EvaluationImages corrupted_images(const std::filesystem::path& folder,
                                  const std::string& corruption, std::int64_t classes) {
  EvaluationImages set{.name = std::string(kMnistCData) + corruption,
                       .dataset = kMnistC,
                       .images = read_mnist_c(folder, corruption, classes),
                       .indices = {}};
  set.indices = all_indices(set.images);
  return set;
}

SeenImages::SeenImages(const EvaluationImages& set, const TransformChain& transform,
                       std::int64_t threads)
    : set_(set), threads_(threads) {
  const Clock::time_point start = Clock::now();
  shared_ = transform_set(set.images, transform, set.indices, threads);
  seconds_ = seconds_since(start);
}

bool SeenImages::are_unchanged() const {
  return shared_.shape() == set_.images.shape() && shared_.pixels == set_.images.pixels;
}

const SeenImages::Seen& SeenImages::after(const TransformChain& own_transform) {
  const auto [found, is_new] = seen_.try_emplace(canonical_spec(own_transform));
  if (is_new) {
    found->second.images = transform_set(shared_, own_transform, set_.indices, threads_);
    found->second.sha256 = sha256_of(found->second.images);
  }
  return found->second;
}

}  // namespace mnist_bench
