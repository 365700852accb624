#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace mnist_bench {

/// Mixes 64 bits: neighbouring numbers become unrelated ones (SplitMix64: Steele, Lea, Flood 2014).
constexpr std::uint64_t split_mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

/// The seed of one random stream of a run ("initialization", "shuffle", "dropout"), derived from
/// the run's seed and, for streams that restart each epoch, from the epoch. Streams of different
/// names or epochs are unrelated, so drawing more numbers from one never shifts another. split_mix
/// over an FNV-1a hash of the name.
std::uint64_t derive_seed(std::uint64_t seed, std::string_view stream, std::uint64_t epoch = 0);

/// A uniformly random order of 0 … size−1 (Fisher–Yates on std::mt19937_64, bounded by rejection).
/// The same on every platform, unlike std::shuffle.
std::vector<std::int64_t> permutation(std::int64_t size, std::uint64_t seed);

}  // namespace mnist_bench
