#include "classical/knn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "base/refusal.h"
#include "classical/classifier.h"
#include "classical/digits.h"
#include "kernels/targets.h"

namespace mnist_bench::classical {
namespace {

using ::testing::ElementsAre;

/// Images of one pixel.
ImageSet points(std::vector<std::uint8_t> pixels, std::vector<std::uint8_t> labels) {
  return {.rows = 1,
          .columns = 1,
          .pixels = std::move(pixels),
          .labels = std::move(labels),
          .sha256 = {}};
}

Predictions predicted(const KnnConfig& config, const ImageSet& training, const ImageSet& images,
                      std::int64_t threads = 1) {
  return predict({config, training, 10}, images, threads, test::always).value();
}

TEST(Knn, TakesTheLowerIndexOfEquallyDistantImages) {
  const ImageSet training = points({12, 8, 12}, {3, 4, 5});
  EXPECT_THAT(predicted({.k = 1}, training, points({10, 13}, {0, 0})).classes, ElementsAre(3, 3));
}

TEST(Knn, TakesTheClassOfTheNearestImageWhereVotesAreEqual) {
  const ImageSet training = points({20, 11, 12, 30, 29}, {1, 1, 2, 2, 7});
  // 12 is nearest to 12, then 11, 20, 29, 30.
  EXPECT_THAT(predicted({.k = 4}, training, points({12}, {0})).classes, ElementsAre(1));
  EXPECT_THAT(predicted({.k = 5}, training, points({12}, {0})).classes, ElementsAre(2));
}

TEST(Knn, GivesSharesOfVotesAsProbabilitiesAndNoLoss) {
  const ImageSet training = points({10, 12, 13, 200}, {1, 2, 2, 3});
  const Predictions found = predicted({.k = 3}, training, points({10}, {1}));
  EXPECT_THAT(found.classes, ElementsAre(2));
  EXPECT_FLOAT_EQ(found.probabilities[0], 2.0F / 3);
  EXPECT_FLOAT_EQ(found.class_probabilities[1], 1.0F / 3);
  EXPECT_FLOAT_EQ(found.class_probabilities[3], 0);
  EXPECT_TRUE(std::isnan(found.loss));
}

TEST(Knn, WeighsVotesByDistanceAndLetsOnlyExactMatchesVoteWhereThereAreAny) {
  const KnnConfig config{.k = 3, .weights = VoteWeights::distance};
  const ImageSet training = points({10, 13, 14, 200}, {1, 2, 2, 3});
  // Weights 1/1 against 1/2 + 1/3; then only the image at distance 0 votes.
  const Predictions found = predicted(config, training, points({11, 10}, {1, 1}));
  EXPECT_THAT(found.classes, ElementsAre(1, 1));
  EXPECT_FLOAT_EQ(found.probabilities[0], 1 / (1 + 1.0F / 2 + 1.0F / 3));
  EXPECT_FLOAT_EQ(found.probabilities[1], 1);
}

TEST(Knn, IsRightAsOftenAsAnIndependentComputation) {
  const nlohmann::json oracle = test::classical_oracle();
  const ImageSet training = test::first_of(test::mnist().train, oracle["train"]);
  const ImageSet images = test::first_of(test::mnist().test, oracle["test"]);
  for (const nlohmann::json& expected : oracle["knn"]) {
    const KnnConfig config{
        .k = expected["k"],
        .weights = enum_value(kVoteWeights, expected["weights"].get<std::string>()).value()};
    EXPECT_EQ(test::right_of(predicted(config, training, images), images), expected["right"])
        << expected.dump();
  }
}

TEST(Knn, DependsNeitherOnThreadsNorOnTheSimdTarget) {
  const ImageSet training = test::first_of(test::mnist().train, 700);
  const ImageSet images = test::first_of(test::mnist().test, 50);
  std::set<std::vector<float>> seen;
  kernels::on_every_target([&] {
    for (const std::int64_t threads : {1, 3}) {
      seen.insert(predicted({.k = 7, .weights = VoteWeights::distance}, training, images, threads)
                      .class_probabilities);
    }
  });
  EXPECT_EQ(seen.size(), 1U);
}

TEST(Knn, EndsWhereItIsToldTo) {
  const ImageSet training = test::first_of(test::mnist().train, 700);
  std::vector<double> asked;
  const auto found = predict(KnnModel{{.k = 1}, training, 10}, training, 1, [&](double done) {
    asked.push_back(done);
    return asked.size() < 3;
  });
  EXPECT_FALSE(found);
  EXPECT_THAT(asked, ElementsAre(0, 128 / 700.0, 256 / 700.0));
}

TEST(Classifier, RefusesMoreNeighboursThanImagesAndImagesTooLargeForExactDistances) {
  EXPECT_NO_THROW(require_fittable(KnnConfig{.k = 5}, {.rows = 2, .columns = 2}, 5));
  EXPECT_EQ(refusal_of([] { require_fittable(KnnConfig{.k = 5}, {.rows = 2, .columns = 2}, 4); }),
            "model.k is 5, but there are only 4 training images use a smaller model.k, or more "
            "training images");
  EXPECT_NO_THROW(require_fittable(SvmConfig{}, {.rows = 1, .columns = 33'025}, 5));
  EXPECT_NE(refusal_of([] { require_fittable(SvmConfig{}, {.rows = 1, .columns = 33'026}, 5); }),
            "");
}

TEST(Classifier, PredictsMoreImagesThanItHasInMemoryAtATime) {
  std::vector<std::uint8_t> pixels(10'000);
  std::vector<std::uint8_t> labels(pixels.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    pixels[i] = static_cast<std::uint8_t>(i * 7 % 200);
    labels[i] = pixels[i] < 100 ? 3 : 5;
  }
  const ImageSet images = points(pixels, labels);
  std::vector<double> asked;
  const Classifier nearest = KnnModel{{.k = 1}, points({0, 199}, {3, 5}), 10};
  const auto found = predict(nearest, images, 1, [&](double done) {
    asked.push_back(done);
    return true;
  });
  ASSERT_TRUE(found);
  EXPECT_EQ(found->classes, std::vector<std::int64_t>(labels.begin(), labels.end()));
  EXPECT_EQ(found->probabilities.size(), images.labels.size());
  EXPECT_EQ(found->class_probabilities.size(), 10 * images.labels.size());
  EXPECT_TRUE(std::isnan(found->loss));
  EXPECT_THAT(asked, ElementsAre(0, 0.4096, 0.8192));
}

TEST(Classifier, KeepsTheTrainingImagesOfKnn) {
  const ImageSet training = test::first_of(test::mnist().train, 20);
  const auto fitted = fit(KnnConfig{}, training, 10, 1, test::always);
  EXPECT_EQ(stored_bytes(fitted.value()), 20 * 784);
  EXPECT_FALSE(support_vectors(*fitted));
}

}  // namespace
}  // namespace mnist_bench::classical
