#include "experiment/epoch_writer.h"

#include <chrono>
#include <memory>
#include <span>
#include <utility>

namespace mnist_bench {

void EpochWriter::write(Checkpoint checkpoint, std::size_t added) {
  finish();
  epoch_ = checkpoint.epochs.back();
  // With both, it runs in place if no thread can be started. libstdc++ 12 moves its argument into
  // the failed attempt and then calls the moved-from rest: hence a copy.
  const std::launch how =
      async_ ? std::launch::async | std::launch::deferred : std::launch::deferred;
  const auto held = std::make_shared<Checkpoint>(std::move(checkpoint));
  const auto write = [this, held, added] {
    folder_.write_epochs(std::span(held->epochs).last(added));
    folder_.write_checkpoint(std::move(*held));
  };
  written_ = std::async(how, write);
  if (!async_) finish();
}

void EpochWriter::announce_if_written() {
  if (epoch_ && written_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout) finish();
}

void EpochWriter::finish() {
  if (!epoch_) return;
  const EpochRecord epoch = *std::exchange(epoch_, std::nullopt);
  written_.get();
  observer_.epoch(epoch, epochs_, images_);
}

}  // namespace mnist_bench
