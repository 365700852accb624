#include "classical/svm.h"

#include <fmt/format.h>
#include <libsvm/svm.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <span>

#include "base/error.h"
#include "classical/distances.h"
#include "data/pixels.h"
#include "kernels/thread_team.h"

namespace mnist_bench::classical {
namespace {

constexpr double kWhite = 255;
/// Of kernel values, in all. Two classes of MNIST have 12,000 images, and so 0.6 GB of them; less
/// memory takes more time, and gives the same machines.
constexpr double kCacheMegabytes = 1024;

/// Nonzero pixels as LIBSVM takes them.
class SparseImages {
 public:
  explicit SparseImages(const ImageSet& set) {
    const std::size_t width = set.pixels.size() / set.labels.size();
    const auto nonzero = static_cast<std::size_t>(
        std::count_if(set.pixels.begin(), set.pixels.end(), [](auto pixel) { return pixel != 0; }));
    nodes_.reserve(nonzero + set.labels.size());
    for (std::size_t i = 0; i < set.labels.size(); ++i) {
      starts_.push_back(nodes_.size());
      for (std::size_t p = 0; p < width; ++p) {
        const std::uint8_t pixel = set.pixels[i * width + p];
        if (pixel == 0) continue;
        nodes_.push_back({.index = static_cast<int>(p) + 1, .value = pixel / kWhite});
      }
      nodes_.push_back({.index = -1, .value = 0});
    }
  }

  svm_node* image(std::size_t index) { return nodes_.data() + starts_[index]; }

 private:
  std::vector<svm_node> nodes_;
  std::vector<std::size_t> starts_;
};

/// What one machine keeps of an image.
struct Support {
  std::size_t image = 0;
  double coefficient = 0;
};

struct Machine {
  std::vector<Support> supports;
  double rho = 0;
};

/// LIBSVM's class of `positive` comes first, as it does where it trains all pairs in one call.
Machine fit_machine(const svm_parameter& parameter, SparseImages& images,
                    const std::vector<std::size_t>& positive,
                    const std::vector<std::size_t>& negative) {
  std::vector<std::size_t> indices = positive;
  indices.insert(indices.end(), negative.begin(), negative.end());
  std::vector<svm_node*> nodes;
  for (const std::size_t index : indices) nodes.push_back(images.image(index));
  std::vector<double> labels(positive.size(), 1);
  labels.resize(indices.size(), -1);
  const svm_problem problem{
      .l = static_cast<int>(indices.size()), .y = labels.data(), .x = nodes.data()};
  const auto free_model = [](svm_model* model) { svm_free_and_destroy_model(&model); };
  const std::unique_ptr<svm_model, decltype(free_model)> model(svm_train(&problem, &parameter),
                                                               free_model);
  Machine machine{.supports = {}, .rho = model->rho[0]};
  for (int i = 0; i < model->l; ++i) {
    const auto place = static_cast<std::size_t>(model->sv_indices[i] - 1);
    machine.supports.push_back({.image = indices[place], .coefficient = model->sv_coef[0][i]});
  }
  return machine;
}

/// The pairs (a, b) with a < b.
struct Pair {
  std::size_t a = 0;
  std::size_t b = 0;
};

std::vector<Pair> pairs_of(std::size_t labels) {
  std::vector<Pair> pairs;
  for (std::size_t a = 0; a < labels; ++a) {
    for (std::size_t b = a + 1; b < labels; ++b) pairs.push_back({a, b});
  }
  return pairs;
}

/// Where class `own` keeps its coefficient for the machine of it and `other`.
std::size_t slot_of(std::size_t own, std::size_t other) { return other < own ? other : other - 1; }

/// The indices of the images of each class that occurs.
std::vector<std::vector<std::size_t>> images_by_class(const ImageSet& training,
                                                      const std::vector<std::uint8_t>& labels) {
  std::vector<std::vector<std::size_t>> images(labels.size());
  for (std::size_t i = 0; i < training.labels.size(); ++i) {
    const auto place = std::lower_bound(labels.begin(), labels.end(), training.labels[i]);
    images[static_cast<std::size_t>(place - labels.begin())].push_back(i);
  }
  return images;
}

double gamma_of(const SvmConfig& config, const ImageSet& training) {
  if (config.gamma) return *config.gamma;
  const double sd = summarize_pixels(training).statistics.sd;
  if (sd == 0) {
    throw Error(ExitCode::data, "all pixels of the training images are the same",
                "set model.gamma, or use other images");
  }
  return 1 / (static_cast<double>(training.rows * training.columns) * sd * sd);
}

svm_parameter parameter_of(const SvmConfig& config, double gamma, std::int64_t threads) {
  svm_parameter parameter{};
  parameter.svm_type = C_SVC;
  parameter.kernel_type = config.kernel == SvmKernel::rbf ? RBF : LINEAR;
  parameter.gamma = gamma;
  parameter.C = config.C;
  parameter.cache_size = kCacheMegabytes / static_cast<double>(threads);
  parameter.eps = 1e-3;  // LIBSVM's default
  parameter.shrinking = 1;
  return parameter;
}

/// The machines of all pairs; absent where `keep_going` ended it.
std::optional<std::vector<Machine>> fit_machines(
    const svm_parameter& parameter, SparseImages& images,
    const std::vector<std::vector<std::size_t>>& by_class, std::size_t threads,
    const KeepGoing& keep_going) {
  const std::vector<Pair> pairs = pairs_of(by_class.size());
  std::vector<Machine> machines(pairs.size());
  std::atomic<std::size_t> next{0};
  std::atomic<std::size_t> fitted{0};
  std::atomic<bool> ended{false};
  kernels::ThreadTeam team(threads);
  const auto fit_pairs = [&](std::size_t thread) {
    while (!ended) {
      const std::size_t pair = next++;
      if (pair >= pairs.size()) return;
      machines[pair] =
          fit_machine(parameter, images, by_class[pairs[pair].a], by_class[pairs[pair].b]);
      ++fitted;
      const auto done = static_cast<double>(fitted) / static_cast<double>(pairs.size());
      if (thread == 0 && !keep_going(done)) ended = true;
    }
  };
  team.run_throwing([&](std::size_t thread) {
    try {
      fit_pairs(thread);
    } catch (...) {
      ended = true;  // for the other threads
      throw;
    }
  });
  if (ended) return std::nullopt;
  return machines;
}

/// The machines with each of their training images once.
void store(const std::vector<Machine>& machines, const ImageSet& training, SvmModel& model) {
  const std::size_t labels = model.labels.size();
  std::vector<std::set<std::size_t>> by_class(labels);
  const auto class_of = [&](std::size_t image) {
    const auto place =
        std::lower_bound(model.labels.begin(), model.labels.end(), training.labels[image]);
    return static_cast<std::size_t>(place - model.labels.begin());
  };
  for (const Machine& machine : machines) {
    for (const Support& support : machine.supports) {
      by_class[class_of(support.image)].insert(support.image);
    }
  }
  std::vector<std::size_t> rows(training.labels.size());
  for (std::size_t label = 0; label < labels; ++label) {
    for (const std::size_t image : by_class[label]) {
      rows[image] = model.classes_of_vectors.size();
      model.classes_of_vectors.push_back(static_cast<std::uint8_t>(label));
      const auto pixels =
          training.pixels.begin() + static_cast<std::ptrdiff_t>(image * model.width);
      model.vectors.insert(model.vectors.end(), pixels,
                           pixels + static_cast<std::ptrdiff_t>(model.width));
    }
  }
  model.coefficients.resize(model.classes_of_vectors.size() * (labels - 1));
  const std::vector<Pair> pairs = pairs_of(labels);
  for (std::size_t p = 0; p < pairs.size(); ++p) {
    model.rho.push_back(machines[p].rho);
    for (const Support& support : machines[p].supports) {
      const std::size_t own = class_of(support.image);
      const std::size_t other = own == pairs[p].a ? pairs[p].b : pairs[p].a;
      model.coefficients[rows[support.image] * (labels - 1) + slot_of(own, other)] =
          support.coefficient;
    }
  }
}

std::vector<std::uint32_t> squares_of(const ByteImages& images) {
  std::vector<std::uint32_t> squares(images.size());
  for (std::size_t i = 0; i < images.bytes.size(); ++i) {
    squares[i / images.width] += std::uint32_t{images.bytes[i]} * images.bytes[i];
  }
  return squares;
}

/// K(x, y) from exact integers: the squared distance, and for the linear kernel the squared norms.
class KernelValues {
 public:
  KernelValues(const SvmModel& model, const ByteImages& queries, const ByteImages& rows)
      : kernel_(model.kernel), factor_(-model.gamma / (kWhite * kWhite)) {
    if (kernel_ != SvmKernel::linear) return;
    query_squares_ = squares_of(queries);
    row_squares_ = squares_of(rows);
  }

  [[nodiscard]] double of(std::size_t query, std::size_t row, std::uint32_t distance) const {
    if (kernel_ == SvmKernel::rbf) return std::exp(factor_ * distance);
    const std::int64_t squares = std::int64_t{query_squares_[query]} + row_squares_[row];
    return static_cast<double>(squares - distance) / (2 * kWhite * kWhite);
  }

 private:
  SvmKernel kernel_;
  double factor_;
  std::vector<std::uint32_t> query_squares_;
  std::vector<std::uint32_t> row_squares_;
};

/// [labels]: how many of its machines decide for each. sums: [labels][labels − 1], over the support
/// vectors of a class for the machines of it and the others.
std::vector<std::int64_t> votes_of(const SvmModel& model, const double* sums) {
  const std::size_t labels = model.labels.size();
  std::vector<std::int64_t> votes(labels);
  std::size_t pair = 0;
  for (const auto [a, b] : pairs_of(labels)) {
    const double decision = sums[a * (labels - 1) + slot_of(a, b)] +
                            sums[b * (labels - 1) + slot_of(b, a)] - model.rho[pair++];
    ++votes[decision > 0 ? a : b];
  }
  return votes;
}

}  // namespace

std::optional<SvmModel> fit_svm(const SvmConfig& config, const ImageSet& training,
                                std::int64_t classes, std::int64_t threads,
                                const KeepGoing& keep_going) {
  svm_set_print_string_function([](const char* /*text*/) {});
  const std::set<std::uint8_t> occurring(training.labels.begin(), training.labels.end());
  if (occurring.size() < 2) {
    throw Error(ExitCode::data, "all training images are of one class",
                "a support vector machine needs two: use more training images");
  }
  SvmModel model{.kernel = config.kernel,
                 .gamma = config.kernel == SvmKernel::rbf ? gamma_of(config, training) : 0,
                 .labels = {occurring.begin(), occurring.end()},
                 .width = static_cast<std::size_t>(training.rows * training.columns),
                 .classes = classes,
                 .vectors = {},
                 .classes_of_vectors = {},
                 .coefficients = {},
                 .rho = {}};
  SparseImages images(training);
  const auto machines = fit_machines(parameter_of(config, model.gamma, threads), images,
                                     images_by_class(training, model.labels),
                                     static_cast<std::size_t>(threads), keep_going);
  if (!machines) return std::nullopt;
  store(*machines, training, model);
  return model;
}

std::optional<Predictions> predict(const SvmModel& model, const ImageSet& images,
                                   std::int64_t threads, const KeepGoing& keep_going) {
  const std::size_t others = model.labels.size() - 1;
  const std::size_t sums_of_image = model.labels.size() * others;
  const auto count = static_cast<std::size_t>(images.size());
  const ByteImages queries{images.pixels, model.width};
  const ByteImages rows{model.vectors, model.width};
  const KernelValues kernel(model, queries, rows);
  std::vector<double> sums(count * sums_of_image);
  const bool is_done = for_each_distance(
      queries, rows, static_cast<std::size_t>(threads),
      [&](std::size_t query, std::size_t first, std::span<const std::uint32_t> distances) {
        for (std::size_t i = 0; i < distances.size(); ++i) {
          const std::size_t row = first + i;
          const double value = kernel.of(query, row, distances[i]);
          const double* const coefficients = model.coefficients.data() + row * others;
          double* const of_class =
              sums.data() + query * sums_of_image + model.classes_of_vectors[row] * others;
          for (std::size_t j = 0; j < others; ++j) of_class[j] += coefficients[j] * value;
        }
      },
      keep_going);
  if (!is_done) return std::nullopt;

  Predictions predictions;
  predictions.loss = std::numeric_limits<double>::quiet_NaN();
  predictions.class_probabilities.resize(count * static_cast<std::size_t>(model.classes));
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<std::int64_t> votes = votes_of(model, sums.data() + i * sums_of_image);
    const auto share = [&](std::size_t label) {
      return static_cast<float>(votes[label]) / static_cast<float>(model.rho.size());
    };
    const auto chosen =
        static_cast<std::size_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
    predictions.classes.push_back(model.labels[chosen]);
    predictions.probabilities.push_back(share(chosen));
    for (std::size_t label = 0; label < votes.size(); ++label) {
      predictions
          .class_probabilities[i * static_cast<std::size_t>(model.classes) + model.labels[label]] =
          share(label);
    }
  }
  return predictions;
}

}  // namespace mnist_bench::classical
