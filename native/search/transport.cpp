#include "search/transport.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace w2v {

namespace {

constexpr size_t none = std::numeric_limits<size_t>::max();

// The cheapest flow for the supplies sent so far. Prices keep cost(i, j) − source_price[i] − sink_price[j] ≥ 0, and 0
// where something flows: no cycle could make it cheaper.
class Transport {
 public:
  Transport(std::span<const uint64_t> demand, std::span<const double> cost)
      : sinks_(demand.size()),
        sources_(sinks_ == 0 ? 0 : cost.size() / sinks_),
        cost_(cost),
        open_demand_(demand.begin(), demand.end()),
        source_price_(sources_, 0.0),
        sink_price_(sinks_, std::numeric_limits<double>::infinity()),
        flows_(sinks_) {
    for (size_t i = 0; i < sources_; ++i)
      for (size_t j = 0; j < sinks_; ++j) sink_price_[j] = std::min(sink_price_[j], cost_[i * sinks_ + j]);
  }

  void send(size_t source, uint64_t amount, const TaskControl& control) {
    while (amount > 0) {
      control.check_cancelled();
      const size_t sink = find_path(source);
      amount -= push(source, sink, amount);
    }
  }

  double total_cost() const {
    double total = 0;
    for (size_t j = 0; j < sinks_; ++j)
      for (const Flow& flow : flows_[j]) total += static_cast<double>(flow.amount) * cost_[flow.source * sinks_ + j];
    return total;
  }

 private:
  struct Flow {
    size_t source;
    uint64_t amount;
  };

  // Dijkstra from the source to the nearest sink with open demand, back over what flows; then the prices that the next
  // path needs.
  size_t find_path(size_t source) {
    distance_.assign(sinks_, std::numeric_limits<double>::infinity());
    from_source_.assign(sinks_, none);
    from_sink_.assign(sources_, none);
    source_distance_.assign(sources_, -1.0);  // not reached
    reached_sinks_.clear();
    reached_sources_.clear();
    unreached_.resize(sinks_);
    for (size_t j = 0; j < sinks_; ++j) unreached_[j] = j;

    reach_source(source, 0, none);
    for (;;) {
      size_t nearest = 0;
      for (size_t k = 1; k < unreached_.size(); ++k)
        if (distance_[unreached_[k]] < distance_[unreached_[nearest]]) nearest = k;
      const size_t sink = unreached_[nearest];
      unreached_[nearest] = unreached_.back();
      unreached_.pop_back();
      const double length = distance_[sink];
      if (open_demand_[sink] > 0) {
        for (const size_t i : reached_sources_) source_price_[i] += length - source_distance_[i];
        for (const size_t j : reached_sinks_) sink_price_[j] -= length - distance_[j];
        return sink;
      }
      reached_sinks_.push_back(sink);
      for (const Flow& flow : flows_[sink])
        if (source_distance_[flow.source] < 0) reach_source(flow.source, length, sink);
    }
  }

  void reach_source(size_t source, double length, size_t from) {
    source_distance_[source] = length;
    from_sink_[source] = from;
    reached_sources_.push_back(source);
    const double* cost = cost_.data() + source * sinks_;
    for (const size_t j : unreached_) {
      const double through = length + std::max(0.0, cost[j] - source_price_[source] - sink_price_[j]);
      if (through >= distance_[j]) continue;
      distance_[j] = through;
      from_source_[j] = source;
    }
  }

  uint64_t& flow(size_t source, size_t sink) {
    std::vector<Flow>& flows = flows_[sink];
    const auto found = std::find_if(flows.begin(), flows.end(), [&](const Flow& f) { return f.source == source; });
    if (found != flows.end()) return found->amount;
    flows.push_back({source, 0});
    return flows.back().amount;
  }

  uint64_t push(size_t source, size_t sink, uint64_t amount) {
    amount = std::min(amount, open_demand_[sink]);
    for (size_t i = from_source_[sink]; i != source; i = from_source_[from_sink_[i]])
      amount = std::min(amount, flow(i, from_sink_[i]));
    open_demand_[sink] -= amount;
    for (size_t j = sink;;) {
      const size_t i = from_source_[j];
      flow(i, j) += amount;
      if (i == source) break;
      j = from_sink_[i];
      flow(i, j) -= amount;
      std::erase_if(flows_[j], [](const Flow& f) { return f.amount == 0; });
    }
    return amount;
  }

  const size_t sinks_, sources_;
  const std::span<const double> cost_;
  std::vector<uint64_t> open_demand_;
  std::vector<double> source_price_, sink_price_;
  std::vector<std::vector<Flow>> flows_;  // into each sink

  // Of one search for a path.
  std::vector<double> distance_, source_distance_;
  std::vector<size_t> from_source_, from_sink_;  // the way back: the source before a sink, the sink before a source
  std::vector<size_t> unreached_, reached_sinks_, reached_sources_;
};

}  // namespace

double transport_cost(std::span<const uint64_t> supply, std::span<const uint64_t> demand, std::span<const double> cost,
                      const TaskControl& control) {
  Transport transport(demand, cost);
  for (size_t i = 0; i < supply.size(); ++i) transport.send(i, supply[i], control);
  return transport.total_cost();
}

}  // namespace w2v
