#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace mnist_bench {

/// A row of the paper's Tables 1 and 2.
struct PrintedLayer {
  const char* layer;
  const char* index;
  std::int64_t parameters;  ///< 0: printed as "–"
};

/// "97.7 ± 0.2"
struct PrintedMean {
  const char* metric;  ///< Metric::key
  double mean;         ///< per cent, to one decimal
  double sd;           ///< what the paper calls so is not said
};

/// What the paper prints of one model.
struct PrintedModel {
  const char* type;  ///< as in ModelSummary
  const char* name;
  std::span<const PrintedLayer> layers;  ///< Table 1 or 2
  std::array<PrintedMean, 4> means;      ///< Table 4, in its order
  std::int64_t parameters;               ///< Table 5
  double seconds_per_epoch;              ///< Table 5
};

/// Half a unit of the last digit that Tables 4 and 5 print.
inline constexpr double kPrintedHalfUnit = 0.05;
/// Ours, in percentage points: a range of a run that is wider than ± this contradicts nothing that
/// is at all likely, so that it says nothing for a value either. The paper's two models are 1.2
/// apart.
inline constexpr double kAllowedHalfWidth = 0.5;

inline constexpr PrintedLayer kTable1[] = {{"FLATTEN", "1-1", 0},   {"LINEAR", "1-2", 200'960},
                                           {"RELU", "1-3", 0},      {"LINEAR", "1-4", 32'896},
                                           {"RELU", "1-5", 0},      {"DROPOUT", "1-6", 0},
                                           {"LINEAR", "1-7", 1'290}};

inline constexpr PrintedLayer kTable2[] = {
    {"CONV2D", "1-1", 320},    {"MAXPOOL2D", "1-2", 0}, {"RELU", "1-3", 0},
    {"CONV2D", "1-4", 18'496}, {"DROPOUT2D", "1-5", 0}, {"MAXPOOL2D", "1-6", 0},
    {"RELU", "1-7", 0},        {"FLATTEN", "1-8", 0},   {"LINEAR", "1-9", 401'536},
    {"RELU", "1-10", 0},       {"DROPOUT", "1-11", 0},  {"LINEAR", "1-12", 1'290}};

inline constexpr PrintedModel kPrintedMlp = {.type = "mlp",
                                             .name = "MLP",
                                             .layers = kTable1,
                                             .means = {{{"accuracy", 97.7, 0.2},
                                                        {"macro_recall", 96.9, 1.2},
                                                        {"macro_precision", 97.0, 0.8},
                                                        {"macro_f1", 97.0, 0.9}}},
                                             .parameters = 235'146,
                                             .seconds_per_epoch = 10.8};

inline constexpr PrintedModel kPrintedCnn = {.type = "cnn",
                                             .name = "CNN",
                                             .layers = kTable2,
                                             .means = {{{"accuracy", 98.9, 0.2},
                                                        {"macro_recall", 98.4, 1.0},
                                                        {"macro_precision", 98.4, 0.5},
                                                        {"macro_f1", 98.4, 0.7}}},
                                             .parameters = 421'642,
                                             .seconds_per_epoch = 12.6};

/// Sec. 6: "superior in terms of accuracy (99.6%)".
inline constexpr double kPrintedConclusion = 99.6;
/// Sec. 5.1: "reducing the error rate by approximately 52%".
inline constexpr double kPrintedErrorReduction = 52.0;

/// Sec. 3.6, 3.7, 3.8, 3.9 and 4.1.
inline constexpr std::int64_t kPrintedTrainImages = 60'000;
inline constexpr std::int64_t kPrintedTestImages = 10'000;
inline constexpr std::int64_t kPrintedClasses = 10;
inline constexpr std::int64_t kPrintedSide = 28;
inline constexpr std::array<std::int64_t, 4> kPrintedMlpUnits = {784, 256, 128, 10};
inline constexpr std::int64_t kPrintedKernel = 3;
inline constexpr std::int64_t kPrintedPool = 2;
inline constexpr double kPrintedPixelMean = 0.1307;
inline constexpr double kPrintedPixelSd = 0.3081;
inline constexpr double kPrintedEpsilon = 1e-8;
inline constexpr std::int64_t kPrintedBatch = 64;
inline constexpr std::int64_t kPrintedEpochs = 5;

}  // namespace mnist_bench
