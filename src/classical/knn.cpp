#include "classical/knn.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "classical/distances.h"

namespace mnist_bench::classical {
namespace {

struct Neighbour {
  std::uint32_t distance = 0;  ///< squared
  std::uint32_t index = 0;
};

/// The nearest images so far, nearest first; of equal distance those of lower index first.
class Nearest {
 public:
  explicit Nearest(std::size_t k) : k_(k) {}

  /// Rows come in ascending order, so that one no nearer than the last cannot displace it.
  void add(std::size_t first, std::span<const std::uint32_t> distances) {
    for (std::size_t i = 0; i < distances.size(); ++i) {
      if (found_.size() == k_) {
        if (distances[i] >= found_.back().distance) continue;
        found_.pop_back();
      }
      const auto place = std::upper_bound(
          found_.begin(), found_.end(), distances[i],
          [](std::uint32_t value, const Neighbour& other) { return value < other.distance; });
      found_.insert(place, {distances[i], static_cast<std::uint32_t>(first + i)});
    }
  }

  [[nodiscard]] const std::vector<Neighbour>& found() const { return found_; }

 private:
  std::size_t k_;
  std::vector<Neighbour> found_;
};

double weight_of(const Neighbour& neighbour, VoteWeights weights, bool some_are_exact) {
  if (weights == VoteWeights::uniform) return 1;
  if (some_are_exact) return neighbour.distance == 0 ? 1 : 0;
  return 1 / std::sqrt(static_cast<double>(neighbour.distance));
}

/// [classes], summed in the order of the neighbours.
std::vector<double> votes_of(const std::vector<Neighbour>& neighbours, VoteWeights weights,
                             const ImageSet& training, std::int64_t classes) {
  std::vector<double> votes(static_cast<std::size_t>(classes));
  const bool some_are_exact = neighbours.front().distance == 0;
  for (const Neighbour& neighbour : neighbours) {
    votes[training.labels[neighbour.index]] += weight_of(neighbour, weights, some_are_exact);
  }
  return votes;
}

/// The class with the most votes; of several, that of the nearest neighbour among them.
std::size_t winner(const std::vector<double>& votes, const std::vector<Neighbour>& neighbours,
                   const ImageSet& training) {
  const double most = *std::max_element(votes.begin(), votes.end());
  const auto nearest = std::find_if(
      neighbours.begin(), neighbours.end(),
      [&](const Neighbour& other) { return votes[training.labels[other.index]] == most; });
  return training.labels[nearest->index];
}

}  // namespace

std::optional<Predictions> predict(const KnnModel& model, const ImageSet& images,
                                   std::int64_t threads, const KeepGoing& keep_going) {
  const ImageSet& training = model.training;
  const auto width = static_cast<std::size_t>(training.rows * training.columns);
  std::vector<Nearest> nearest(static_cast<std::size_t>(images.size()),
                               Nearest(static_cast<std::size_t>(model.config.k)));
  const bool is_done = for_each_distance(
      {images.pixels, width}, {training.pixels, width}, static_cast<std::size_t>(threads),
      [&](std::size_t query, std::size_t first, std::span<const std::uint32_t> distances) {
        nearest[query].add(first, distances);
      },
      keep_going);
  if (!is_done) return std::nullopt;

  Predictions predictions;
  predictions.loss = std::numeric_limits<double>::quiet_NaN();
  for (const Nearest& of_image : nearest) {
    const std::vector<Neighbour>& neighbours = of_image.found();
    const std::vector<double> votes =
        votes_of(neighbours, model.config.weights, training, model.classes);
    double all = 0;
    for (const double of_class : votes) all += of_class;
    const std::size_t chosen = winner(votes, neighbours, training);
    predictions.classes.push_back(static_cast<std::int64_t>(chosen));
    predictions.probabilities.push_back(static_cast<float>(votes[chosen] / all));
    for (const double of_class : votes) {
      predictions.class_probabilities.push_back(static_cast<float>(of_class / all));
    }
  }
  return predictions;
}

}  // namespace mnist_bench::classical
