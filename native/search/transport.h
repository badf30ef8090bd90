// The transport problem: how to move goods at least cost.
#pragma once

#include <cstdint>
#include <span>

#include "base/task_control.h"

namespace w2v {

// The least Σ flow(i, j) · cost[i · demand.size() + j] over all flows ≥ 0 that take supply[i] from each i and bring
// demand[j] to each j: exact but for the rounding of doubles. Both sums must be equal, costs finite and ≥ 0. Successive
// shortest paths with potentials (Jonker and Volgenant 1987, for unit supplies); about O((n + m) · n · m). Throws
// ERR_W2V_CANCELLED.
double transport_cost(std::span<const uint64_t> supply, std::span<const uint64_t> demand, std::span<const double> cost,
                      const TaskControl& control);

}  // namespace w2v
