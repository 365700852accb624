#pragma once

#include <cstdint>
#include <future>
#include <optional>

#include "experiment/observer.h"
#include "record/run_folder.h"

namespace mnist_bench {

/// Writes the files of evaluated epochs into the run folder: before the next epoch begins or, with
/// `async`, while that is trained. An epoch is announced once all of it is on disk.
class EpochWriter {
 public:
  EpochWriter(RunFolder& folder, Observer& observer, std::int64_t epochs, const ImageCounts& images,
              bool async)
      : folder_(folder), observer_(observer), epochs_(epochs), images_(images), async_(async) {}

  // Each of these throws what writing threw.

  /// Writes the last `added` of the checkpoint's epochs and the checkpoint, or begins to. The last
  /// one is evaluated, and announced.
  void write(Checkpoint checkpoint, std::size_t added);
  /// Announces the epoch if it is written by now.
  void announce_if_written();
  /// Waits until it is written and announces it; does nothing where there is none. Call it before
  /// anything else is written to the folder.
  void finish();

 private:
  RunFolder& folder_;
  Observer& observer_;
  std::int64_t epochs_;
  ImageCounts images_;
  bool async_;
  std::optional<EpochRecord> epoch_;  ///< that is being written
  std::future<void> written_;         ///< waits for it, too, when training ends by an exception
};

}  // namespace mnist_bench
