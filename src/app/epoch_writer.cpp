#include "app/epoch_writer.h"

#include <chrono>
#include <utility>

namespace mnist_bench {

void EpochWriter::write(Checkpoint checkpoint) {
  finish();
  epoch_ = checkpoint.epochs.back();
  // With both: in place, where the system has no thread to give.
  const std::launch how =
      beside_ ? std::launch::async | std::launch::deferred : std::launch::deferred;
  written_ = std::async(how, [this, checkpoint = std::move(checkpoint)]() mutable {
    folder_.write_epoch(checkpoint.epochs.back());
    folder_.write_checkpoint(std::move(checkpoint));
  });
  if (!beside_) finish();
}

void EpochWriter::look() {
  if (epoch_ && written_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout) finish();
}

void EpochWriter::finish() {
  if (!epoch_) return;
  const EpochRecord epoch = *std::exchange(epoch_, std::nullopt);
  written_.get();
  console_.epoch(epoch, epochs_);
}

}  // namespace mnist_bench
