#include "report/mistakes.h"

#include <algorithm>
#include <map>
#include <vector>

#include "base/error.h"
#include "record/read_predictions.h"
#include "record/tested_data.h"
#include "report/test_pictures.h"

namespace mnist_bench {
namespace {

/// The wrong predictions of one image, one per run at most.
struct WrongPredictions {
  std::int64_t truth = 0;
  double confidence = 0.0;  ///< summed
  std::vector<Prediction> wrong;
};

std::map<std::int64_t, WrongPredictions> wrong_predictions(const RunGroup& group) {
  std::map<std::int64_t, WrongPredictions> by_image;
  for (const StoredRun& run : group.completed) {
    for (const Prediction& p : read_predictions(run.folder, run.result)) {
      if (p.predicted == p.truth) continue;
      WrongPredictions& of_image = by_image[p.index];
      of_image.truth = p.truth;
      of_image.confidence += static_cast<double>(p.probability);
      of_image.wrong.push_back(p);
    }
  }
  return by_image;
}

/// The class that most of the wrong runs predict; of equals the one predicted with most confidence.
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

Mistakes mistakes_of(const RunGroup& group, std::size_t count, DataOfRuns& data) {
  const auto without = [&](const std::string& reason) {
    return Mistakes{.group = group.label,
                    .names = class_names_of(group),
                    .runs = group.completed.size(),
                    .worst = {},
                    .images = 0,
                    .unavailable = reason};
  };
  if (group.completed.empty()) return without("no run completed");
  Mistakes mistakes = without("");
  try {
    const Dataset& dataset = data.load(group.completed.front());
    const auto by_image = wrong_predictions(group);
    mistakes.images = static_cast<std::int64_t>(by_image.size());
    for (const auto& [index, of_image] : by_image) {
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
    for (Mistake& mistake : mistakes.worst) {
      mistake.png = png_of(dataset.test, mistake.index);
    }
  } catch (const Error& error) {
    return without(error.what());
  }
  return mistakes;
}

}  // namespace

std::vector<Mistakes> find_mistakes(const std::vector<RunGroup>& groups, std::size_t count) {
  DataOfRuns data;
  std::vector<Mistakes> mistakes;
  for (const RunGroup& group : groups) mistakes.push_back(mistakes_of(group, count, data));
  return mistakes;
}

}  // namespace mnist_bench
