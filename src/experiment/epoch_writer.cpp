#include "app/epoch_writer.h"

#include <chrono>
#include <memory>
#include <utility>

namespace mnist_bench {

void EpochWriter::write(Checkpoint checkpoint) {
  finish();
  epoch_ = checkpoint.epochs.back();
  // With both: in place, where the system has no thread to give. libstdc++ 12 moves what it is
  // given into the attempt that fails and then calls what is left: hence a copy.
  const std::launch how =
      beside_ ? std::launch::async | std::launch::deferred : std::launch::deferred;
  const auto held = std::make_shared<Checkpoint>(std::move(checkpoint));
  const auto write = [this, held] {
    folder_.write_epoch(held->epochs.back());
    folder_.write_checkpoint(std::move(*held));
  };
  written_ = std::async(how, write);
  if (!beside_) finish();
}

void EpochWriter::look() {
  if (epoch_ && written_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout) finish();
}

void EpochWriter::finish() {
  if (!epoch_) return;
  const EpochRecord epoch = *std::exchange(epoch_, std::nullopt);
  written_.get();
  console_.epoch(epoch, epochs_, images_);
}

}  // namespace mnist_bench
