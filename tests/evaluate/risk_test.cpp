// The risk of an equivalence test, how often it declares two groups equivalent that differ by the
// margin, and that of the judge, how often it suggests a difference of groups that do not differ.
// Accuracies here are what they are in runs, whole numbers of images.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <random>
#include <string>
#include <tuple>

#include "evaluate/judge.h"
#include "evaluate/paired_tests.h"

namespace mnist_bench {
namespace {

/// A random whole number of images, by the inverse of its distribution function.
class ImageCount {
 public:
  /// probabilities[i] is that of first + i.
  ImageCount(std::int64_t first, const std::vector<double>& probabilities) : first_(first) {
    double sum = 0.0;
    for (std::size_t i = 0; i < probabilities.size(); ++i) {
      sum += probabilities[i];
      cumulative_.push_back(sum);
      mean_ += probabilities[i] * static_cast<double>(first + static_cast<std::int64_t>(i));
    }
    mean_ /= sum;
    for (double& value : cumulative_) value /= sum;
  }

  [[nodiscard]] double mean() const { return mean_; }

  [[nodiscard]] std::int64_t draw(std::mt19937_64& bits) const {
    const double uniform = static_cast<double>(bits() >> 11U) * 0x1p-53;
    const auto at = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, uniform);
    return first_ + (at - cumulative_.begin());
  }

 private:
  std::int64_t first_;
  std::vector<double> cumulative_;
  double mean_ = 0.0;
};

/// Each of the images is right with this probability, independently of the others.
ImageCount binomial_count(std::int64_t images, double accuracy) {
  if (accuracy >= 1.0) return {images, {1.0}};
  const boost::math::binomial distribution(static_cast<double>(images), accuracy);
  std::vector<double> probabilities;
  std::int64_t first = 0;
  for (std::int64_t k = 0; k <= images; ++k) {
    const double p = boost::math::pdf(distribution, static_cast<double>(k));
    if (p < 1e-12) {
      if (!probabilities.empty()) break;
      continue;
    }
    if (probabilities.empty()) first = k;
    probabilities.push_back(p);
  }
  return {first, probabilities};
}

/// A normal number of images, rounded: what the seeds scatter may be less than one image.
ImageCount rounded_normal_count(double mean, double sd) {
  const boost::math::normal distribution(mean, sd);
  const auto first = static_cast<std::int64_t>(std::floor(mean - 8.0 * sd));
  const auto last = static_cast<std::int64_t>(std::ceil(mean + 8.0 * sd));
  std::vector<double> probabilities;
  for (std::int64_t k = first; k <= last; ++k) {
    const auto at = static_cast<double>(k);
    probabilities.push_back(boost::math::cdf(distribution, at + 0.5) -
                            boost::math::cdf(distribution, at - 0.5));
  }
  return {first, probabilities};
}

struct Case {
  std::string name;
  std::int64_t images;
  ImageCount a;
  ImageCount b;
};

/// Test sets of 200 to 10,000 images, margins of half an image to 50.
std::vector<Case> risky_cases() {
  std::vector<Case> cases;
  // Next to no wrong images: their number is skewed, which a t-test does not expect.
  for (const auto& [images, margin, wrong] :
       {std::tuple(200, 1, 0.5), {200, 2, 2.0}, {200, 3, 2.0}, {500, 1, 0.5}, {1'000, 5, 10.0}}) {
    cases.push_back({std::to_string(wrong) + " wrong of " + std::to_string(images), images,
                     binomial_count(images, 1.0 - wrong / images),
                     binomial_count(images, 1.0 - (wrong + margin) / images)});
  }
  for (const std::int64_t images : {200, 2'000, 10'000}) {
    const auto n = static_cast<double>(images);
    for (const double margin : {0.5, 0.85, 1.5, 5.0, 50.0}) {
      for (const double accuracy : {1.0, 0.977, 0.5}) {
        if (accuracy - margin / n < 0.0) continue;
        cases.push_back({"binomial, accuracy " + std::to_string(accuracy) + ", margin " +
                             std::to_string(margin) + " of " + std::to_string(images),
                         images, binomial_count(images, accuracy),
                         binomial_count(images, accuracy - margin / n)});
      }
      for (const double sd : {0.05, 0.7, 3.0}) {
        const double mean = 0.95 * n + 0.2;
        cases.push_back({"rounded normal, SD " + std::to_string(sd) + ", margin about " +
                             std::to_string(margin) + " of " + std::to_string(images),
                         images, rounded_normal_count(mean, sd),
                         rounded_normal_count(mean - margin, sd)});
      }
    }
  }
  return cases;
}

/// How often `seeds` pairs of runs are declared equivalent within `margin` images.
double share_declared(const Case& of, double margin, int seeds, int repetitions,
                      std::uint64_t random_seed) {
  std::mt19937_64 bits(random_seed);
  const auto images = static_cast<double>(of.images);
  std::vector<double> differences(static_cast<std::size_t>(seeds));
  int declared = 0;
  for (int i = 0; i < repetitions; ++i) {
    for (double& difference : differences) {
      difference = static_cast<double>(of.b.draw(bits) - of.a.draw(bits)) / images;
    }
    if (!equivalence_test(differences, margin / images, of.images).obstacle) ++declared;
  }
  return static_cast<double>(declared) / repetitions;
}

// True differences at the margin exactly; whoever declares equivalence is wrong. A case that is
// above 4.5 % in 800 repetitions is repeated 50,000 times with other random numbers: the standard
// error of 5 % is 0.10 % then, and three of them are allowed.
TEST(EquivalenceTest, DeclaresEquivalenceOfWhatDiffersByTheMarginInFivePerCentAtMost) {
  constexpr double kScreened = 0.045;
  constexpr double kAllowed = 0.05 + 3 * 0.00097;
  std::uint64_t random_seed = 0;
  int tried = 0;
  for (const Case& of : risky_cases()) {
    const double margin = std::abs(of.b.mean() - of.a.mean());
    if (margin < 1e-9) continue;  // rounding has made them the same
    for (const int seeds : {3, 4, 5, 6, 8, 10}) {
      ++tried;
      if (share_declared(of, margin, seeds, 800, ++random_seed) < kScreened) continue;
      const double risk = share_declared(of, margin, seeds, 50'000, ++random_seed);
      EXPECT_LE(risk, kAllowed) << of.name << ", n = " << seeds;
    }
  }
  EXPECT_GT(tried, 450);
}

TEST(EquivalenceTest, OfTwoSeedsDeclaresNothing) {
  for (const Case& of : risky_cases()) EXPECT_EQ(share_declared(of, 100, 2, 20, 1), 0.0) << of.name;
}

// Else a test that never declares anything would pass the one above.
TEST(EquivalenceTest, DeclaresEquivalenceOfEqualGroupsWhereSeedsAndMarginAllowIt) {
  const Case equal = {"", 10'000, binomial_count(10'000, 0.98), binomial_count(10'000, 0.98)};
  EXPECT_GT(share_declared(equal, 50, 10, 2'000, 1), 0.99);
  EXPECT_GT(share_declared(equal, 50, 4, 2'000, 2), 0.8);
  const Case steady = {"", 10'000, rounded_normal_count(9'770, 3), rounded_normal_count(9'770, 3)};
  EXPECT_GT(share_declared(steady, 10, 10, 2'000, 3), 0.99);
}

/// How often the judge suggests that `seeds` pairs of runs differ, or calls it shown.
double share_suggested(const ImageCount& count, std::int64_t images, int seeds, int repetitions,
                       std::uint64_t random_seed) {
  std::mt19937_64 bits(random_seed);
  std::vector<double> differences(static_cast<std::size_t>(seeds));
  int suggested = 0;
  for (int i = 0; i < repetitions; ++i) {
    for (double& difference : differences) {
      difference =
          static_cast<double>(count.draw(bits) - count.draw(bits)) / static_cast<double>(images);
    }
    if (judge(differences, images).conclusion != Conclusion::not_shown) ++suggested;
  }
  return static_cast<double>(suggested) / repetitions;
}

// Where seeds scatter by about one image, two of them have the same difference so often that an
// interval without width would suggest a difference in 13 % of the cases. The standard error of 5 %
// is 0.24 %; four of them are allowed.
TEST(Judge, SuggestsADifferenceOfEqualGroupsInFivePercentAtMost) {
  constexpr std::int64_t kImages = 2'000;
  std::uint64_t random_seed = 0;
  for (const double sd : {0.05, 0.3, 0.5, 0.7, 1.0, 3.0}) {
    for (const double mean : {1'900.2, 1'900.5}) {
      const ImageCount count = rounded_normal_count(mean, sd);
      for (const int seeds : {2, 3, 4, 5}) {
        EXPECT_LE(share_suggested(count, kImages, seeds, 8'000, ++random_seed), 0.05 + 4 * 0.0024)
            << "SD " << sd << ", n = " << seeds;
      }
    }
  }
}

}  // namespace
}  // namespace mnist_bench
