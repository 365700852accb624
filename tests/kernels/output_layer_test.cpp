#include "kernels/output_layer.h"

#include <gtest/gtest.h>

#include <limits>

#include "kernels/matrices.h"
#include "kernels/targets.h"

namespace mnist_bench::kernels {
namespace {

/// The output of a relu, half of it 0, and a layer on it with its moments and a gradient.
struct OutputProblem {
  std::size_t images;
  std::size_t in;
  std::size_t out;
  Owned x;      ///< [images][in]
  Owned w;      ///< [out][in]
  Owned bias;   ///< [1][out]
  Owned delta;  ///< [images][out]
  Owned first;  ///< moments, [out][in]
  Owned second;

  OutputProblem(std::size_t image_count, std::size_t inputs, std::size_t outputs)
      : images(image_count),
        in(inputs),
        out(outputs),
        x(random_matrix(images, in, generator, 0.5)),
        w(random_matrix(out, in, generator)),
        bias(random_matrix(1, out, generator)),
        delta(random_matrix(images, out, generator)),
        first(out, in),
        second(out, in) {}

  [[nodiscard]] Weights weights() {
    return {.arrays = {w.values.data(), {first.values.data(), second.values.data()}},
            .stride = w.view().stride};
  }
  [[nodiscard]] Range all_inputs() const { return {0, round_up(in, kLine)}; }
  void forward(Range some_images, Owned& y) {
    output_forward(x.view(), in, w.view(), bias.values.data(), out, some_images, y.view());
  }
  void backward(float scale, Range inputs, Owned& dx, bool of_relu = true) {
    output_backward_and_update(
        x.view(), images, {.delta = delta.view(), .out = out, .scale = scale, .of_relu = of_relu},
        weights(), gradient_as_moment(), inputs, dx.view());
  }

 private:
  static inline std::mt19937 generator{7};
};

/// Numbers of outputs around those that are computed at a time, and of inputs around whole lines.
template <class Body>
void for_each_output_problem(const Body& body) {
  on_every_target([&] {
    for (const std::size_t out : {2U, 5U, 9U, 10U, 13U, 26U, 64U}) {
      for (const std::size_t in : {1U, 16U, 50U, 128U}) {
        for (const std::size_t images : {1U, 7U, 64U}) {
          OutputProblem problem(images, in, out);
          body(problem);
        }
      }
    }
  });
}

TEST(OutputForward, MatchesFloat64HoweverTheImagesArePartitioned) {
  for_each_output_problem([](OutputProblem& p) {
    Owned y(p.images, p.out);
    for (std::size_t part = 0; part < 3; ++part) p.forward(partition(p.images, 1, part, 3), y);
    for (std::size_t i = 0; i < p.images; ++i) {
      for (std::size_t c = 0; c < p.out; ++c) {
        double sum = static_cast<double>(p.bias.at(0, c));
        for (std::size_t k = 0; k < p.in; ++k) {
          sum += static_cast<double>(p.x.at(i, k)) * static_cast<double>(p.w.at(c, k));
        }
        ASSERT_NEAR(y.at(i, c), sum, 3e-5);
      }
    }
    Owned whole(p.images, p.out);
    p.forward({0, p.images}, whole);
    EXPECT_EQ(whole.values, y.values);
  });
}

TEST(OutputBackward, MatchesFloat64AndTakesAdamsStep) {
  for_each_output_problem([](OutputProblem& p) {
    Owned old = p.w;
    Owned dx = p.x;  // is overwritten
    p.backward(1.25F, p.all_inputs(), dx);
    for (std::size_t i = 0; i < p.images; ++i) {
      for (std::size_t k = 0; k < p.in; ++k) {
        double sum = 0;
        for (std::size_t c = 0; c < p.out; ++c) {
          sum += static_cast<double>(old.at(c, k)) * static_cast<double>(p.delta.at(i, c));
        }
        ASSERT_NEAR(dx.at(i, k), p.x.at(i, k) == 0 ? 0 : 1.25 * sum, 5e-5);
      }
    }
    for (std::size_t c = 0; c < p.out; ++c) {
      for (std::size_t k = 0; k < p.in; ++k) {
        double sum = 0;
        for (std::size_t i = 0; i < p.images; ++i) {
          sum += static_cast<double>(p.x.at(i, k)) * static_cast<double>(p.delta.at(i, c));
        }
        ASSERT_NEAR(p.first.at(c, k), sum, 2e-5);
      }
    }
    EXPECT_EQ(p.w.values, stepped(p.first, old).values);
  });
}

TEST(OutputBackward, PassesInputsThatAreZeroUnlessOfARelu) {
  for_each_output_problem([](OutputProblem& p) {
    OutputProblem of_relu = p;
    Owned masked(p.images, p.in);
    of_relu.backward(1.25F, p.all_inputs(), masked);
    Owned old = p.w;
    Owned dx(p.images, p.in);
    p.backward(1.25F, p.all_inputs(), dx, /*of_relu=*/false);
    EXPECT_EQ(p.w.values, of_relu.w.values);
    for (std::size_t i = 0; i < p.images; ++i) {
      for (std::size_t k = 0; k < p.in; ++k) {
        double sum = 0;
        for (std::size_t c = 0; c < p.out; ++c) {
          sum += static_cast<double>(old.at(c, k)) * static_cast<double>(p.delta.at(i, c));
        }
        ASSERT_NEAR(dx.at(i, k), 1.25 * sum, 5e-5);
        ASSERT_NEAR(masked.at(i, k), p.x.at(i, k) == 0 ? 0 : dx.at(i, k), 5e-5);
      }
    }
  });
}

TEST(OutputBackward, GivesTheSameBitsHoweverTheInputsArePartitioned) {
  for_each_output_problem([](OutputProblem& p) {
    OutputProblem whole = p;
    Owned dx_whole(p.images, p.in);
    whole.backward(1.0F, whole.all_inputs(), dx_whole);
    Owned dx(p.images, p.in);
    for (std::size_t part = 0; part < 3; ++part) {
      p.backward(1.0F, partition(p.all_inputs().end, kLine, part, 3), dx);
    }
    EXPECT_EQ(p.w.values, whole.w.values);
    EXPECT_EQ(dx.values, dx_whole.values);
  });
}

TEST(OutputForward, GivesNaNForAWeightThatIsNaN) {
  on_every_target([] {
    OutputProblem p(3, 20, 10);
    p.w.at(4, 17) = std::numeric_limits<float>::quiet_NaN();
    Owned y(p.images, p.out);
    p.forward({0, p.images}, y);
    EXPECT_TRUE(std::isnan(y.at(0, 4)));
    EXPECT_FALSE(std::isnan(y.at(0, 5)));
  });
}

}  // namespace
}  // namespace mnist_bench::kernels
