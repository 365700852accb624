#include "classical/svm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <libsvm/svm.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "base/error_of.h"
#include "classical/classifier.h"
#include "classical/digits.h"

namespace mnist_bench::classical {
namespace {

/// LIBSVM itself: one call for all classes, and svm_predict.
class Libsvm {
 public:
  Libsvm(const SvmConfig& config, double gamma, const ImageSet& training) {
    svm_set_print_string_function([](const char* /*text*/) {});
    // Its classes are in the order in which they occur.
    std::vector<std::int64_t> order(training.labels.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
      return training.labels[static_cast<std::size_t>(a)] <
             training.labels[static_cast<std::size_t>(b)];
    });
    const ImageSet sorted = select(training, order);
    for (const std::uint8_t label : sorted.labels) labels_.push_back(label);
    images_ = nodes_of(sorted);
    std::vector<svm_node*> rows;
    for (auto& image : images_) rows.push_back(image.data());
    svm_parameter parameter{};
    parameter.svm_type = C_SVC;
    parameter.kernel_type = config.kernel == SvmKernel::rbf ? RBF : LINEAR;
    parameter.gamma = gamma;
    parameter.C = config.C;
    parameter.cache_size = 100;
    parameter.eps = 1e-3;
    parameter.shrinking = 1;
    const svm_problem problem{
        .l = static_cast<int>(rows.size()), .y = labels_.data(), .x = rows.data()};
    model_.reset(svm_train(&problem, &parameter));
  }

  [[nodiscard]] std::vector<std::int64_t> predict(const ImageSet& images) const {
    std::vector<std::int64_t> classes;
    for (const auto& image : nodes_of(images)) {
      classes.push_back(std::llround(svm_predict(model_.get(), image.data())));
    }
    return classes;
  }
  [[nodiscard]] int support_vectors() const { return svm_get_nr_sv(model_.get()); }

 private:
  static std::vector<std::vector<svm_node>> nodes_of(const ImageSet& set) {
    std::vector<std::vector<svm_node>> images(set.labels.size());
    const std::size_t width = set.pixels.size() / set.labels.size();
    for (std::size_t i = 0; i < set.pixels.size(); ++i) {
      if (set.pixels[i] == 0) continue;
      images[i / width].push_back(
          {.index = static_cast<int>(i % width) + 1, .value = set.pixels[i] / 255.0});
    }
    for (auto& image : images) image.push_back({.index = -1, .value = 0});
    return images;
  }

  struct Free {
    void operator()(svm_model* model) const { svm_free_and_destroy_model(&model); }
  };
  std::vector<double> labels_;
  std::vector<std::vector<svm_node>> images_;
  std::unique_ptr<svm_model, Free> model_;
};

SvmModel fitted(const SvmConfig& config, const ImageSet& training, std::int64_t threads = 1) {
  return fit_svm(config, training, 10, threads, test::always).value();
}

Predictions predicted(const SvmModel& model, const ImageSet& images, std::int64_t threads = 1) {
  return predict(model, images, threads, test::always).value();
}

TEST(Svm, DecidesAsOneCallOfLibsvmForAllClasses) {
  const ImageSet training = test::first_of(test::mnist().train, 400);
  const ImageSet images = test::first_of(test::mnist().test, 400);
  for (const SvmConfig& config :
       {SvmConfig{}, SvmConfig{.kernel = SvmKernel::rbf, .C = 0.5, .gamma = 0.1},
        SvmConfig{.kernel = SvmKernel::linear, .C = 1, .gamma = {}}}) {
    const SvmModel model = fitted(config, training);
    const Libsvm libsvm(config, model.gamma, training);
    EXPECT_EQ(predicted(model, images).classes, libsvm.predict(images));
    EXPECT_EQ(support_vectors(Classifier(model)), libsvm.support_vectors());
  }
}

TEST(Svm, IsRightAsOftenAsScikitLearn) {
  const nlohmann::json oracle = test::classical_oracle();
  const ImageSet training = test::first_of(test::mnist().train, oracle["train"]);
  const ImageSet images = test::first_of(test::mnist().test, oracle["test"]);
  for (const nlohmann::json& expected : oracle["svm"]) {
    SvmConfig config{
        .kernel = enum_value(kSvmKernels, expected["kernel"].get<std::string>()).value(),
        .C = expected["C"],
        .gamma = {}};
    if (!expected["gamma"].is_null()) config.gamma = expected["gamma"].get<double>();
    const SvmModel model = fitted(config, training, 2);
    EXPECT_NEAR(static_cast<double>(test::right_of(predicted(model, images, 2), images)),
                expected["right"].get<double>(), 3)
        << expected.dump();
    EXPECT_NEAR(static_cast<double>(model.classes_of_vectors.size()),
                expected["support_vectors"].get<double>(), 10)
        << expected.dump();
  }
}

TEST(Svm, DoesNotDependOnThreads) {
  const ImageSet training = test::first_of(test::mnist().train, 500);
  const ImageSet images = test::first_of(test::mnist().test, 100);
  const SvmModel one = fitted({}, training, 1);
  const SvmModel three = fitted({}, training, 3);
  EXPECT_EQ(one.vectors, three.vectors);
  EXPECT_EQ(one.coefficients, three.coefficients);
  EXPECT_EQ(one.rho, three.rho);
  EXPECT_EQ(predicted(one, images, 1).class_probabilities,
            predicted(three, images, 3).class_probabilities);
}

TEST(Svm, GivesSharesOfTheMachinesVotes) {
  const ImageSet training = test::first_of(test::mnist().train, 200);
  const Predictions found = predicted(fitted({}, training), test::first_of(training, 20));
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_LE(found.probabilities[i], 9 / 45.0F);
    const auto row = found.class_probabilities.begin() + static_cast<std::ptrdiff_t>(10 * i);
    EXPECT_NEAR(std::accumulate(row, row + 10, 0.0), 1, 1e-6);
  }
  EXPECT_TRUE(std::isnan(found.loss));
}

TEST(Svm, LeavesOutClassesThatDoNotOccur) {
  ImageSet training = test::first_of(test::mnist().train, 300);
  for (std::uint8_t& label : training.labels) label = label < 5 ? 2 : 7;
  const Predictions found = predicted(fitted({}, training), training);
  EXPECT_EQ(test::right_of(found, training), 300);
  EXPECT_EQ(found.probabilities[0], 1);
}

TEST(Svm, EndsWhereItIsToldTo) {
  const ImageSet training = test::first_of(test::mnist().train, 200);
  int asked = 0;
  const auto found = fit_svm({}, training, 10, 1, [&](double done) {
    ++asked;
    EXPECT_DOUBLE_EQ(done, asked / 45.0);
    return asked < 3;
  });
  EXPECT_FALSE(found);
  EXPECT_EQ(asked, 3);
}

TEST(Svm, RefusesImagesOfOneClassOrOfOneGrey) {
  ImageSet training = test::first_of(test::mnist().train, 20);
  const auto expect_refusal = [&](const char* why) {
    const auto error = test::error_of([&] { fitted({}, training); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code(), ExitCode::data);
    EXPECT_STREQ(error->what(), why);
  };
  for (std::uint8_t& pixel : training.pixels) pixel = 7;
  expect_refusal("all pixels of the training images are the same");
  for (std::uint8_t& label : training.labels) label = 4;
  expect_refusal("all training images are of one class");
}

}  // namespace
}  // namespace mnist_bench::classical
