// The figures as a program outside of a browser draws them: librsvg's rsvg-convert, which Debian
// calls librsvg2-bin and scripts/setup installs.
#include <gtest/gtest.h>
#include <png.h>

#include <cstdlib>
#include <fstream>
#include <regex>

#include "base/temporary_folder.h"
#include "report/evaluated_runs.h"
#include "report/format/formats.h"

namespace mnist_bench {
namespace {

struct Color {
  int red = 0;
  int green = 0;
  int blue = 0;
};

bool near(const Color& a, const Color& b) {
  constexpr int kNear = 8;
  return std::abs(a.red - b.red) <= kNear && std::abs(a.green - b.green) <= kNear &&
         std::abs(a.blue - b.blue) <= kNear;
}

struct Image {
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::vector<unsigned char> bytes;  // [height, width, 3]

  [[nodiscard]] Color at(std::int64_t x, std::int64_t y) const {
    const auto i = static_cast<std::size_t>(3 * (y * width + x));
    return {bytes[i], bytes[i + 1], bytes[i + 2]};
  }
  /// The share of pixels for which `is` holds.
  template <typename Is>
  [[nodiscard]] double share(Is is) const {
    double count = 0.0;
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) count += is(at(x, y)) ? 1.0 : 0.0;
    }
    return count / static_cast<double>(width * height);
  }
};

const Color kWhite = {255, 255, 255};
// The light theme's text, soft, and first two series.
const Color kText = {0x1c, 0x20, 0x24};
const Color kSoft = {0x5a, 0x64, 0x70};
const Color kFirstSeries = {0x0b, 0x62, 0xa8};
const Color kSecondSeries = {0xb3, 0x47, 0x00};

/// The SVG, drawn at its own size. What it leaves unpainted is black.
Image drawn(const std::string& svg) {
  const test::TemporaryFolder folder;
  const std::string from = (folder.path() / "figure.svg").string();
  const std::string to = (folder.path() / "figure.png").string();
  std::ofstream(from) << svg;
  const std::string command =
      "rsvg-convert --background-color=black --output '" + to + "' '" + from + "'";
  Image image;
  if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c,concurrency-mt-unsafe)
    ADD_FAILURE() << "rsvg-convert failed: " << command
                  << "\nwhere it is missing: scripts/setup, or install librsvg2-bin";
    return image;
  }
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_file(&png, to.c_str()) == 0) {
    ADD_FAILURE() << png.message;
    return image;
  }
  png.format = PNG_FORMAT_RGB;
  image.width = png.width;
  image.height = png.height;
  image.bytes.resize(PNG_IMAGE_SIZE(png));
  EXPECT_NE(png_image_finish_read(&png, nullptr, image.bytes.data(), 0, nullptr), 0);
  return image;
}

constexpr int kBorder = 60;

/// The same with a white border around its page, in which whatever is cut off becomes visible.
std::string with_border(const std::string& svg) {
  std::smatch size;
  const std::regex root(R"~(width="([0-9.]+)" height="([0-9.]+)" viewBox="0 0 [0-9.]+ [0-9.]+")~");
  if (!std::regex_search(svg, size, root)) {
    ADD_FAILURE() << "no size: " << svg.substr(0, 300);
    return svg;
  }
  const double width = std::stod(size[1]) + 2 * kBorder;
  const double height = std::stod(size[2]) + 2 * kBorder;
  const auto text = [](double value) { return std::to_string(value); };
  const std::string box =
      text(-kBorder) + " " + text(-kBorder) + " " + text(width) + " " + text(height);
  std::string wider = size.prefix().str() + "width=\"" + text(width) + "\" height=\"" +
                      text(height) + "\" viewBox=\"" + box + "\"" + size.suffix().str();
  const std::size_t page = wider.find("<rect ");
  wider.insert(page,
               "<rect x=\"-60\" y=\"-60\" width=\"10000\" height=\"10000\" fill=\"#ffffff\"/>");
  return std::regex_replace(wider, std::regex("<svg y="), "<svg overflow=\"visible\" y=");
}

bool border_is_white(const Image& image) {
  for (std::int64_t y = 0; y < image.height; ++y) {
    for (std::int64_t x = 0; x < image.width; ++x) {
      const bool inside =
          x >= kBorder && x < image.width - kBorder && y >= kBorder && y < image.height - kBorder;
      if (!inside && !near(image.at(x, y), kWhite)) return false;
    }
  }
  return true;
}

Report report_of(const std::vector<RunGroup>& groups, const EvaluationsOfRuns& evaluations = {}) {
  Report report;
  report.sections.push_back(
      {.id = "figures", .title = "Figures", .figures = figures_of(groups, evaluations)});
  return report;
}

/// Of 10,000 images with this accuracy, in two bins.
Calibration calibration_of(double accuracy) {
  return {
      .ece = 0.01,
      .mce = 0.1,
      .mce_samples = 1'000,
      .brier = 0.05,
      .nll = 0.08,
      .bins = {{.lower = 0.5, .upper = 0.9, .samples = 1'000, .confidence = 0.7, .accuracy = 0.6},
               {.lower = 0.9, .upper = 1.0, .samples = 9'000, .confidence = 0.97, .accuracy = 1.0}},
      .coverage = {{.coverage = 0.5, .threshold = 0.9, .accuracy = 1.0},
                   {.coverage = 1.0, .threshold = 0.5, .accuracy = accuracy}}};
}

/// Two experiments of two classes, with names as long as a grid makes them.
Report long_names() {
  std::vector<RunGroup> groups = {
      group_with("mlp", {9'768, 9'801, 9'790}),
      group_with("a-wide-convolutional-network-with-a-name-that-does-not-fit-into-one-line",
                 {9'868, 9'871, 9'880})};
  groups[1].label +=
      " optimizer.learning_rate=0.0003 training.batch_size=128 model.hidden=[512,256,128]";
  EvaluationsOfRuns evaluations;
  for (RunGroup& group : groups) {
    for (StoredRun& run : group.completed) {
      run.result.test->calibration = calibration_of(*run.result.test->metrics.accuracy);
    }
    evaluate_group(group,
                   {{"shift:dx=2", {9'000, 8'000, 7'000}},
                    {"elastic:alpha=8", {9'000, 9'100, 9'200}},
                    {"elastic:alpha=16", {8'000, 8'100, 8'200}},
                    {"shot_noise:peak=60", {9'700, 9'710, 9'720}},
                    {"shot_noise:peak=3", {5'000, 6'000, 7'000}}},
                   evaluations);
  }
  return report_of(groups, evaluations);
}

/// As many runs and classes as numbers get long for.
Report many_classes() {
  RunGroup group = group_with("letters", {9'768, 9'801});
  for (StoredRun& run : group.completed) {
    ConfusionMatrix counts(26, std::vector<std::int64_t>(26, 3));
    for (std::size_t k = 0; k < 26; ++k) counts[k][k] = 12'345;
    run.result.test->confusion = counts;
    run.result.test->metrics = classification_metrics(counts);
  }
  return report_of({group});
}

/// A grid over a key and lists that are too long for an axis, of classes with long names.
Report long_sweep() {
  std::vector<StoredRun> runs;
  for (const std::int64_t batch : {16, 1'048'576}) {
    for (const std::size_t layers : {1U, 16U}) {
      for (StoredRun run : runs_with("mlp", {9'000 + 50 * static_cast<std::int64_t>(layers)})) {
        run.result.config.model = MlpConfig{std::vector<std::int64_t>(layers, 65'536), 0.2};
        run.result.config.training.batch_size = batch;
        run.result.config.data.class_names =
            ClassNames{std::string(40, 'W'), "a name of several words, all of them short"};
        *run.result.parameters_sha256 += std::to_string(runs.size());
        runs.push_back(std::move(run));
      }
    }
  }
  return report_of(group_runs(runs));
}

std::vector<const Format*> figure_formats() {
  std::vector<const Format*> list;
  for (const Format& format : formats()) {
    if (format.ending.ends_with(".svg")) list.push_back(&format);
  }
  return list;
}

TEST(RenderedFigures, HaveAWhitePageTheirSeriesColoursAndText) {
  ASSERT_EQ(figure_formats().size(), 11U);
  for (const Format* format : figure_formats()) {
    if (format->ending == "sweep.svg" || format->ending == "heatmap.svg") continue;  // no sweep
    SCOPED_TRACE(format->ending);
    const Image image = drawn(format->render(long_names()));
    ASSERT_GT(image.width, 300);
    ASSERT_GT(image.height, 150);
    EXPECT_TRUE(near(image.at(0, 0), kWhite));
    EXPECT_TRUE(near(image.at(image.width - 1, image.height - 1), kWhite));
    EXPECT_GT(image.share([](const Color& c) { return near(c, kWhite); }), 0.5);
    EXPECT_LT(image.share([](const Color& c) { return c.red + c.green + c.blue < 200; }), 0.1);
    const auto has = [&](const Color& color) {
      return image.share([&](const Color& c) { return near(c, color); }) > 0.0;
    };
    EXPECT_TRUE(has(kText));
    EXPECT_TRUE(has(kSoft));
    if (format->ending == "confusion.svg") {
      EXPECT_GT(image.share([](const Color& c) { return c.blue > c.red + 40; }), 0.02);
      EXPECT_GT(image.share([](const Color& c) { return c.red > c.blue + 40; }), 0.02);
    } else {
      EXPECT_TRUE(has(kFirstSeries));
      EXPECT_TRUE(has(kSecondSeries));
    }
  }
}

TEST(RenderedFigures, CutNothingOff) {
  for (const Report& report : {long_names(), many_classes(), long_sweep(), report_of({})}) {
    for (const Format* format : figure_formats()) {
      SCOPED_TRACE(format->ending);
      const Image image = drawn(with_border(format->render(report)));
      ASSERT_GT(image.width, 2 * kBorder);
      EXPECT_TRUE(border_is_white(image));
    }
  }
}

// The border shows what it is for.
TEST(RenderedFigures, WouldBeSeenToBeCut) {
  Report report = long_names();
  std::string svg = format_of("accuracy.svg").render(report);
  const std::size_t text = svg.find("<text x=\"");
  ASSERT_NE(text, std::string::npos);
  svg.insert(text, "<text x=\"400\" y=\"20\">a line that is far too long for its page</text>");
  EXPECT_FALSE(border_is_white(drawn(with_border(svg))));
}

}  // namespace
}  // namespace mnist_bench
