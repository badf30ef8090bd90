#include "tasks/dense_layer.h"

#include <cmath>

namespace w2v {

DenseLayer::DenseLayer(size_t inputs, size_t outputs, SplitMix& random)
    : inputs_(inputs),
      outputs_(outputs),
      weights_(padded_row(outputs) / dense_panel, inputs * dense_panel, "a layer of the network"),
      bias_(1, outputs, "a layer of the network") {
  const double bound = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
  for (size_t o = 0; o < outputs; ++o)
    for (size_t k = 0; k < inputs; ++k)
      weights_.row(o / dense_panel)[k * dense_panel + o % dense_panel] =
          static_cast<float>(bound * (2 * random.uniform() - 1));
}

}  // namespace w2v
