#pragma once

#include <cstdint>
#include <future>
#include <optional>

#include "app/console.h"
#include "record/run_folder.h"

namespace mnist_bench {

/// Writes what an epoch leaves in the run folder: before the next one begins or, with `beside`,
/// while it is trained. What is announced is on the disk: an epoch appears on the console once all
/// of it is written.
class EpochWriter {
 public:
  EpochWriter(RunFolder& folder, Console& console, std::int64_t epochs, const ImageCounts& images,
              bool beside)
      : folder_(folder), console_(console), epochs_(epochs), images_(images), beside_(beside) {}

  // Each of these throws what writing threw.

  /// Writes the last of the checkpoint's epochs and the checkpoint, or begins to.
  void write(Checkpoint checkpoint);
  /// Announces the epoch if it is written by now.
  void look();
  /// Waits until it is written and announces it; does nothing where there is none. To be called
  /// before anything else is written to the folder.
  void finish();

 private:
  RunFolder& folder_;
  Console& console_;
  std::int64_t epochs_;
  ImageCounts images_;
  bool beside_;
  std::optional<EpochRecord> epoch_;  ///< that is being written
  std::future<void> written_;         ///< waits for it, too, when training ends by an exception
};

}  // namespace mnist_bench
