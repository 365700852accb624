#pragma once

namespace mnist_bench {

/// For std::visit: a case for each alternative of a variant. One that is forgotten does not
/// compile.
template <class... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Overloaded(Cases...) -> Overloaded<Cases...>;

}  // namespace mnist_bench
