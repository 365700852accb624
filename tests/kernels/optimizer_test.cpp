#include "kernels/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/matrices.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

TEST(Adam, TakesTheStepsOfEquations15To18) {
  on_every_target([] {
    constexpr std::size_t kSize = 37;
    std::mt19937 generator(3);
    Owned parameter = random_matrix(1, kSize, generator);
    Owned m(1, kSize);
    Owned v(1, kSize);
    std::vector<double> theta(parameter.values.begin(), parameter.values.begin() + kSize);
    std::vector<double> m64(kSize, 0.0);
    std::vector<double> v64(kSize, 0.0);
    for (int t = 1; t <= 200; ++t) {
      Owned gradient = random_matrix(1, kSize, generator);
      update(adam_step(0.01, 0.9, 0.999, 1e-8, 0.1, t), gradient.values.data(),
             {parameter.values.data(), {m.values.data(), v.values.data()}}, kSize);
      for (std::size_t i = 0; i < kSize; ++i) {
        const double g = static_cast<double>(gradient.values[i]) + 0.1 * theta[i];
        m64[i] = 0.9 * m64[i] + 0.1 * g;
        v64[i] = 0.999 * v64[i] + 0.001 * g * g;
        theta[i] -= 0.01 * m64[i] / (1 - std::pow(0.9, t)) /
                    (std::sqrt(v64[i] / (1 - std::pow(0.999, t))) + 1e-8);
      }
    }
    for (std::size_t i = 0; i < kSize; ++i) {
      EXPECT_NEAR(parameter.values[i], theta[i], 2e-6);
      EXPECT_NEAR(m.values[i], m64[i], 1e-6);
      EXPECT_NEAR(v.values[i], v64[i], 1e-5 * v64[i]);
    }
  });
}

TEST(Adam, LeavesAloneWhatNeverHadAGradient) {
  on_every_target([] {
    float parameter = 0.3F;
    float moments[2] = {0, 0};
    const float gradient = 0;
    for (const double epsilon : {1e-8, 1e-40}) {  // the latter is less than float32 has
      update(adam_step(0.01, 0.9, 0.999, epsilon, 0, 1), &gradient,
             {&parameter, {&moments[0], &moments[1]}}, 1);
      EXPECT_EQ(parameter, 0.3F);
    }
  });
}

/// Three settings: plain, with momentum, with Nesterov's.
TEST(Sgd, TakesTheStepsOfItsDefinition) {
  constexpr double kRate = 0.01;
  constexpr double kDecay = 0.1;
  for (const auto& [momentum, nesterov] : {std::pair(0.0, false), {0.9, false}, {0.9, true}}) {
    on_every_target([momentum = momentum, nesterov = nesterov] {
      constexpr std::size_t kSize = 37;
      std::mt19937 generator(3);
      Owned parameter = random_matrix(1, kSize, generator);
      Owned buffer(1, kSize);
      Owned unused(1, kSize);
      std::vector<double> theta(parameter.values.begin(), parameter.values.begin() + kSize);
      std::vector<double> b(kSize, 0.0);
      for (int t = 1; t <= 200; ++t) {
        Owned gradient = random_matrix(1, kSize, generator);
        update(SgdStep{static_cast<float>(kRate), static_cast<float>(momentum),
                       static_cast<float>(kDecay), nesterov},
               gradient.values.data(),
               {parameter.values.data(), {buffer.values.data(), unused.values.data()}}, kSize);
        for (std::size_t i = 0; i < kSize; ++i) {
          const double g = static_cast<double>(gradient.values[i]) + kDecay * theta[i];
          b[i] = momentum * b[i] + g;
          theta[i] -= kRate * (nesterov ? g + momentum * b[i] : b[i]);
        }
      }
      for (std::size_t i = 0; i < kSize; ++i) {
        EXPECT_NEAR(parameter.values[i], theta[i], 1e-5);
        EXPECT_NEAR(buffer.values[i], momentum > 0 ? b[i] : 0.0, 1e-5);
        EXPECT_EQ(unused.values[i], 0.0F);
      }
    });
  }
}

}  // namespace
}  // namespace mnist_bench::kernels
