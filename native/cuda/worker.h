// What one warp does: the training of chunk after chunk. The same source is compiled for CUDA devices (device_warp.h)
// and for the tests (emulated_warp.h): everything that lanes hold apart is a Lanes<T>, everything else is the same for
// all of them.
#pragma once

#include <cstdint>

#include "cuda/tables.h"
#include "kernels/step.h"
#include "train/draws.h"
#include "train/state.h"

namespace w2v::cuda {

constexpr uint64_t to_multiple(uint64_t n, uint64_t of) { return (n + of - 1) / of * of; }

// Zeros after the last coefficient: a block of them is read as a whole, also where there are fewer targets.
inline constexpr uint32_t score_padding = 8;

// The memory of one worker.
struct Workspace {
  float *value, *start, *next;  // [slots × stride]: input rows as they are now, as they were read, as they will be
  float *combined, *gradient;   // [stride]: of CBOW
  float* scores;                // [max_inputs × max_targets + score_padding], then gradient coefficients
  uint32_t* targets;            // [max_targets] of the step
  uint32_t* inputs;             // [max_contexts] slots of the window's context words
  uint32_t* slot_word;          // [slots]
  uint32_t* slot_uses;          // [slots] positions of the ring that have the word; 0: the slot is free
  uint32_t* slot_fresh;         // [slots] 1: on its way from device memory
  uint32_t* slot_at;            // [slot_mask + 1] of a position
  uint32_t* words;              // [sentence_words] kept words
  uint32_t* offsets;            // [sentence_words] their positions from the chunk's begin

  // Both 16-byte aligned; with null pointers it tells how much each part takes.
  W2V_LANES static Workspace of(const Tables& tables, const Layout& layout, char* fast, char* slow,
                                uint64_t* fast_bytes, uint64_t* slow_bytes) {
    Workspace w;
    uint64_t at = 0;
    const auto take = [&at](char* base, uint64_t bytes) {
      char* const part = base == nullptr ? nullptr : base + at;
      at = to_multiple(at + bytes, 16);
      return part;
    };
    const uint64_t rows = uint64_t{layout.slots} * tables.stride * sizeof(float), row = tables.stride * sizeof(float);
    w.value = reinterpret_cast<float*>(take(fast, rows));
    w.start = reinterpret_cast<float*>(take(fast, rows));
    w.next = reinterpret_cast<float*>(take(fast, layout.with_next ? rows : 0));
    w.combined = reinterpret_cast<float*>(take(fast, tables.skip_gram ? 0 : row));
    w.gradient = reinterpret_cast<float*>(take(fast, tables.skip_gram ? 0 : row));
    w.scores = reinterpret_cast<float*>(
        take(fast, (uint64_t{layout.max_inputs} * layout.max_targets + score_padding) * sizeof(float)));
    w.targets = reinterpret_cast<uint32_t*>(take(fast, layout.max_targets * sizeof(uint32_t)));
    w.inputs = reinterpret_cast<uint32_t*>(take(fast, layout.max_contexts * sizeof(uint32_t)));
    w.slot_word = reinterpret_cast<uint32_t*>(take(fast, layout.slots * sizeof(uint32_t)));
    w.slot_uses = reinterpret_cast<uint32_t*>(take(fast, layout.slots * sizeof(uint32_t)));
    w.slot_fresh = reinterpret_cast<uint32_t*>(take(fast, layout.slots * sizeof(uint32_t)));
    w.slot_at = reinterpret_cast<uint32_t*>(take(fast, (uint64_t{layout.slot_mask} + 1) * sizeof(uint32_t)));
    *fast_bytes = to_multiple(at, 128);
    at = 0;
    w.words = reinterpret_cast<uint32_t*>(take(slow, layout.sentence_words * sizeof(uint32_t)));
    w.offsets = reinterpret_cast<uint32_t*>(take(slow, layout.sentence_words * sizeof(uint32_t)));
    *slow_bytes = to_multiple(at, 128);
    return w;
  }
};

// Rows are handled in tiles of 32 · `floats`, each lane with `floats` of them: float4s, then a float2, then a single
// one, so that the accesses of a warp are contiguous. `whole_row`: a row is one tile, and targets stay in registers
// from their scores to their updates; else rows are any number of tiles. `block`: targets handled together, at most.
template <class Warp, int floats, int block, bool whole_row>
class Worker {
  template <class T>
  using Lanes = typename Warp::template Lanes<T>;
  struct Piece {
    float f[floats];
  };
  using Tile = Lanes<Piece>;
  static constexpr uint32_t tile_floats = 32 * floats;
  static constexpr int padded_block = 8;
  static_assert(block <= padded_block && block <= static_cast<int>(score_padding) + 1);
  static_assert(whole_row || floats == 4,
                "the last tile of a row may be part of one: lanes with a float4 beyond it skip it");

 public:
  W2V_LANES Worker(const Tables& tables, const Layout& layout, const Launch& launch, const Workspace& workspace)
      : tables_(tables), layout_(layout), launch_(launch), w_(workspace) {}

  // Takes chunks until there is none left, or until it is told to stop.
  W2V_LANES void run() {
    for (;;) {
      if (Warp::is_set(launch_.stop)) return;
      const uint32_t next = Warp::take(launch_.next_chunk);
      if (next >= launch_.n_chunks) return;
      train(launch_.chunks[next]);
    }
  }

 private:
  // ---- sentences ----

  W2V_LANES void train(const Chunk& chunk) {
    chunk_ = &chunk;
    sequence_ = SequentialDraws(sequence_start(launch_.epoch_key, chunk.begin));
    windows_ = chunk.begin % windows_between_losses;  // every window of the corpus may be one that is measured
    measured_ = {};
    Warp::each([&](unsigned lane) { loss_[lane] = 0; });
    Warp::each([&](unsigned lane) {
      for (uint32_t s = lane; s < layout_.slots; s += 32) w_.slot_uses[s] = 0, w_.slot_fresh[s] = 0;
    });
    for (uint64_t at = chunk.begin, end = chunk.begin + chunk.words; at < end;) {
      at = read_sentence(at, end);
      train_sentence();
    }
    Warp::each([&](unsigned lane) {
      if (loss_[lane] != 0) Warp::add_shared(launch_.loss, static_cast<double>(loss_[lane]));
      if (lane != 0) return;
      if (measured_ != 0) Warp::add_shared(launch_.predictions, measured_);
      Warp::add_shared(launch_.words_done, uint64_t{chunk.words});
    });
  }

  // The words that subsampling keeps, 32 ids at a time, up to a sentence end, max_sentence_length or `end`. Returns
  // where the next sentence begins.
  W2V_LANES uint64_t read_sentence(uint64_t at, uint64_t end) {
    size_ = 0;
    for (bool complete = false; !complete && at < end;) {
      const uint32_t n = end - at < 32 ? static_cast<uint32_t>(end - at) : 32;
      Lanes<uint32_t> id;
      Lanes<bool> is_end, kept;
      Warp::each([&](unsigned lane) {
        id[lane] = lane < n ? launch_.ids[at - launch_.first_id + lane] : 1;
        is_end[lane] = id[lane] == 0;
      });
      const uint32_t ends = Warp::ballot(is_end);
      const uint32_t words = ends != 0 ? Warp::first(ends) : n;
      Warp::each([&](unsigned lane) { kept[lane] = lane < words && keep(id[lane], at + lane, lane); });
      uint32_t mask = Warp::ballot(kept);
      uint32_t taken = ends != 0 ? words + 1 : n;
      uint32_t drawn = words;
      complete = ends != 0;
      const uint32_t room = tables_.max_sentence_length - size_;
      if (Warp::population(mask) >= room) {
        // The sentence is full with the room-th of them; a sentence end after it is left to the next one.
        Lanes<bool> last;
        Warp::each([&](unsigned lane) { last[lane] = (mask >> lane & 1) != 0 && rank(mask, lane) == room - 1; });
        taken = drawn = Warp::first(Warp::ballot(last)) + 1;
        mask &= taken == 32 ? 0xffffffff : (1u << taken) - 1;
        complete = true;
      }
      Warp::each([&](unsigned lane) {
        if ((mask >> lane & 1) == 0) return;
        const uint32_t place = size_ + rank(mask, lane);
        w_.words[place] = id[lane];
        w_.offsets[place] = static_cast<uint32_t>(at - chunk_->begin) + lane;
      });
      if (!tables_.shared_negatives && tables_.keep_probability != nullptr) sequence_.skip(drawn);
      size_ += Warp::population(mask);
      at += taken;
    }
    Warp::sync();
    return at;
  }

  W2V_LANES static uint32_t rank(uint32_t mask, unsigned lane) { return Warp::population(mask & ((1u << lane) - 1)); }

  // Whether subsampling keeps a word of the corpus; in sequence, after the words of the lanes before.
  W2V_LANES bool keep(uint32_t word, uint64_t position, unsigned lane) {
    if (tables_.keep_probability == nullptr) return true;
    const float probability = tables_.keep_probability[word];
    if (tables_.shared_negatives) return PositionDraws(~launch_.epoch_key, position).keep(probability);
    SequentialDraws draws = sequence_;
    draws.skip(lane);
    return draws.keep(probability);
  }

  W2V_LANES void train_sentence() {
    const uint32_t window = tables_.window;
    entered_ = arrived_ = 0;
    for (uint32_t p = 0; p == 0 || p < size_; ++p) {  // an empty sentence draws a window too
      const uint64_t reach = uint64_t{p} + window + 1;
      while (entered_ < size_ && entered_ < reach) enter(entered_++);  // the first window's words
      arrive(static_cast<uint32_t>(reach < size_ ? reach : size_));
      // The word after them is on its way while this window is computed.
      if (entered_ < size_) enter(entered_++);
      train_window(p);
      if (p >= window && p < size_) leave(p - window);
    }
    for (uint32_t p = size_ > window ? size_ - window : 0; p < size_; ++p) leave(p);
  }

  // ---- the ring of input rows ----

  // The word at a position comes into the ring: it takes the slot of an equal one, or one of its own, where its row is
  // copied to.
  W2V_LANES void enter(uint32_t position) {
    const uint32_t word = w_.words[position];
    uint32_t slot = 0, vacant = 0;
    bool found = false, has_vacant = false;
    for (uint32_t first = 0; first < layout_.slots && !found; first += 32) {
      Lanes<bool> same, is_free;
      Warp::each([&](unsigned lane) {
        const uint32_t s = first + lane;
        const bool there = s < layout_.slots;
        same[lane] = there && w_.slot_uses[s] != 0 && w_.slot_word[s] == word;
        is_free[lane] = there && w_.slot_uses[s] == 0;
      });
      const uint32_t same_mask = Warp::ballot(same), free_mask = Warp::ballot(is_free);
      if (same_mask != 0) slot = first + Warp::first(same_mask), found = true;
      if (free_mask != 0 && !has_vacant) vacant = first + Warp::first(free_mask), has_vacant = true;
    }
    Warp::sync();  // all have looked
    if (!found) {
      slot = vacant;
      Warp::copy_ahead(w_.start + uint64_t{slot} * tables_.stride, tables_.input + uint64_t{word} * tables_.stride,
                       tables_.stride);
    }
    Warp::each([&](unsigned lane) {
      if (lane != 0) return;
      w_.slot_word[slot] = word;
      w_.slot_uses[slot] = found ? w_.slot_uses[slot] + 1 : 1;
      if (!found) w_.slot_fresh[slot] = 1;
      w_.slot_at[position & layout_.slot_mask] = slot;
    });
    Warp::sync();
  }

  // The rows of the words before `end` are about to be used.
  W2V_LANES void arrive(uint32_t end) {
    if (arrived_ >= end) return;
    Warp::await_copies();
    for (; arrived_ < end; ++arrived_) {
      const uint32_t slot = w_.slot_at[arrived_ & layout_.slot_mask];
      const bool fresh = w_.slot_fresh[slot] != 0;
      Warp::sync();
      if (!fresh) continue;
      for_tiles([&](uint32_t tile) {
        Tile row;
        read(w_.start, slot, tile, row);
        write(w_.value, slot, tile, row);
      });
      Warp::each([&](unsigned lane) {
        if (lane == 0) w_.slot_fresh[slot] = 0;
      });
      Warp::sync();
    }
  }

  // The word at a position leaves the ring: what its row has learned there is added to the input matrix.
  W2V_LANES void leave(uint32_t position) {
    const uint32_t slot = w_.slot_at[position & layout_.slot_mask];
    const uint32_t uses = w_.slot_uses[slot] - 1, word = w_.slot_word[slot];
    Warp::sync();
    Warp::each([&](unsigned lane) {
      if (lane == 0) w_.slot_uses[slot] = uses;
    });
    Warp::sync();
    if (uses != 0) return;
    const float damping = tables_.input_damping == nullptr ? 1 : tables_.input_damping[word];
    for_tiles([&](uint32_t tile) {
      Tile now, before;
      read(w_.value, slot, tile, now);
      read(w_.start, slot, tile, before);
      Warp::each([&](unsigned lane) {
        for (int i = 0; i < floats; ++i) now[lane].f[i] = damping * (now[lane].f[i] - before[lane].f[i]);
      });
      add(tables_.input, word, tile, now);
    });
  }

  // ---- windows ----

  W2V_LANES void train_window(uint32_t p) {
    const uint64_t position = size_ == 0 ? 0 : chunk_->begin + w_.offsets[p];
    PositionDraws own(launch_.epoch_key, position);
    uint32_t radius = tables_.window;
    if (tables_.shrink_windows)
      radius -= tables_.shared_negatives ? own.below(tables_.window) : sequence_.below(tables_.window);
    ++windows_;
    if (size_ == 0) return;
    const uint32_t begin = p > radius ? p - radius : 0;
    const uint32_t end = size_ - p > radius ? p + radius + 1 : size_;
    const uint32_t n = end - begin - 1;
    if (n == 0) return;
    measuring_ = tables_.compute_loss && windows_ % windows_between_losses == 0;
    Warp::each([&](unsigned lane) {
      for (uint32_t c = lane; c < n; c += 32) {
        const uint32_t at = begin + c + (begin + c >= p ? 1 : 0);
        w_.inputs[c] = w_.slot_at[at & layout_.slot_mask];
      }
    });
    const uint32_t center = w_.words[p];
    if (!tables_.skip_gram) {
      draw_targets(center, own);
      train_combined(n);
    } else if (tables_.shared_negatives) {
      draw_targets(center, own);
      step(w_.inputs, n);
    } else {
      for (uint32_t c = 0; c < n; ++c) {
        draw_targets(center, own);
        step(w_.inputs + c, 1);
      }
    }
    Warp::sync();  // lists are read before they are written again
  }

  // The targets of a step: the nodes on the center's path, the center, its negatives.
  W2V_LANES void draw_targets(uint32_t center, const PositionDraws& own) {
    Warp::sync();
    n_nodes_ = 0;
    if (tables_.hierarchical_softmax) {
      path_ = tables_.path_offsets[center];
      n_nodes_ = static_cast<uint32_t>(tables_.path_offsets[center + 1] - path_);
      Warp::each([&](unsigned lane) {
        for (uint32_t t = lane; t < n_nodes_; t += 32) w_.targets[t] = tables_.path_nodes[path_ + t];
      });
    }
    n_targets_ = n_nodes_;
    if (tables_.negative == 0) {
      Warp::sync();
      return;
    }
    Warp::each([&](unsigned lane) {
      if (lane == 0) w_.targets[n_nodes_] = center;
    });
    ++n_targets_;
    for (uint32_t first = 0; first < tables_.negative; first += 32) {
      Lanes<uint32_t> word;
      Lanes<bool> kept;
      Warp::each([&](unsigned lane) {
        word[lane] = center;
        if (first + lane < tables_.negative) {
          if (tables_.shared_negatives) {
            PositionDraws draws = own;
            draws.skip(first + lane);
            word[lane] = draws.negative(tables_);
          } else {
            SequentialDraws draws = sequence_;
            draws.skip(first + lane);
            word[lane] = draws.negative(tables_);
          }
        }
        kept[lane] = word[lane] != center;
      });
      const uint32_t mask = Warp::ballot(kept);
      Warp::each([&](unsigned lane) {
        if (kept[lane]) w_.targets[n_targets_ + rank(mask, lane)] = word[lane];
      });
      n_targets_ += Warp::population(mask);
    }
    if (!tables_.shared_negatives) sequence_.skip(tables_.negative);
    Warp::sync();
  }

  // ---- steps (kernels/step.h) ----

  // Skip-gram: each of these inputs meets the targets by itself.
  W2V_LANES void step(const uint32_t* inputs, uint32_t n_inputs) {
    // Inputs stay as they are for the blocks that follow, and, as the processor has it, where there are rate factors.
    const bool beside = n_targets_ > block || tables_.rate_factors != nullptr;
    if (beside)
      for (uint32_t m = 0; m < n_inputs; ++m) copy(w_.next, w_.value, inputs[m]);
    float* const destination = beside ? w_.next : w_.value;
    execute(w_.value, destination, inputs, n_inputs, tables_.rate_factors);
    if (beside)
      for (uint32_t m = 0; m < n_inputs; ++m) copy(w_.value, w_.next, inputs[m]);
  }

  // CBOW: the mean or sum of the inputs meets the targets.
  W2V_LANES void train_combined(uint32_t n_inputs) {
    const float share = 1.0f / static_cast<float>(n_inputs);
    for_tiles([&](uint32_t tile) {
      Tile sum, none;
      clear(sum);
      clear(none);
      for (uint32_t m = 0; m < n_inputs; ++m) {
        Tile row;
        read(w_.value, w_.inputs[m], tile, row);
        Warp::each([&](unsigned lane) {
          for (int i = 0; i < floats; ++i) sum[lane].f[i] += row[lane].f[i];
        });
      }
      if (tables_.cbow_mean) scale(sum, share);
      write(w_.combined, 0, tile, sum);
      write(w_.gradient, 0, tile, none);
    });
    execute(w_.combined, w_.gradient, nullptr, 1, nullptr);
    for (uint32_t m = 0; m < n_inputs; ++m) {
      const uint32_t slot = w_.inputs[m];
      const float factor = factor_of(tables_.rate_factors, slot) * (tables_.cbow_mean ? 1 : share);
      for_tiles([&](uint32_t tile) {
        Tile row, change;
        read(w_.value, slot, tile, row);
        read(w_.gradient, 0, tile, change);
        Warp::each([&](unsigned lane) {
          for (int i = 0; i < floats; ++i) row[lane].f[i] += factor * change[lane].f[i];
        });
        write(w_.value, slot, tile, row);
      });
    }
  }

  // All scores, then all updates. Inputs are rows of `source`: those in the slots `inputs`, or its only one; their
  // changes, times the rate factors of their words, are added to the same rows of `destination`.
  W2V_LANES void execute(const float* source, float* destination, const uint32_t* inputs, uint32_t n_inputs,
                         const float* rate_factors) {
    const bool one_block = n_targets_ <= block;
    const bool in_turn = n_inputs == 1 && has_repeated_targets();
    Tile rows[block];
    for_blocks([&](uint32_t first, uint32_t n) {
      if constexpr (whole_row) load_targets(rows, first, n, 0);
      for (uint32_t m = 0; m < n_inputs; ++m) {
        const uint32_t input = inputs == nullptr ? 0 : inputs[m];
        Lanes<float> dots[padded_block];
        Warp::each([&](unsigned lane) {
          for (int t = 0; t < padded_block; ++t) dots[t][lane] = 0;
        });
        for_tiles([&](uint32_t tile) {
          if constexpr (!whole_row) load_targets(rows, first, n, tile);
          Tile x;
          read(source, input, tile, x);
          Warp::each([&](unsigned lane) {
            W2V_UNROLL
            for (int t = 0; t < block; ++t)
              if (static_cast<uint32_t>(t) < n)
                for (int i = 0; i < floats; ++i) dots[t][lane] += x[lane].f[i] * rows[t][lane].f[i];
          });
        });
        store_sums(dots, n, w_.scores + m * n_targets_ + first);
      }
    });
    Warp::sync();
    if (measuring_) add_loss(n_inputs);
    to_gradient(n_inputs);
    Warp::sync();

    for_blocks([&](uint32_t first, uint32_t n) {
      Lanes<uint32_t> own_target;
      Lanes<float> damping;
      Warp::each([&](unsigned lane) {
        own_target[lane] = w_.targets[first + (lane < n ? lane : 0)];
        damping[lane] = tables_.target_damping == nullptr ? 1 : tables_.target_damping[own_target[lane]];
      });
      for_tiles([&](uint32_t tile) {
        if (!whole_row || !one_block) load_targets(rows, first, n, tile);
        Tile change[block];
        Warp::each([&](unsigned lane) {
          for (int t = 0; t < block; ++t)
            for (int i = 0; i < floats; ++i) change[t][lane].f[i] = 0;
        });
        for (uint32_t m = 0; m < n_inputs; ++m) {
          const uint32_t input = inputs == nullptr ? 0 : inputs[m];
          const float* const g = w_.scores + m * n_targets_ + first;
          const float factor = factor_of(rate_factors, input);
          Tile x, y;
          read(source, input, tile, x);
          if (destination == source)
            y = x;
          else
            read(destination, input, tile, y);
          if (in_turn) repeat_targets(rows, x, g, first, n);
          Warp::each([&](unsigned lane) {
            Piece total;
            for (int i = 0; i < floats; ++i) total.f[i] = 0;
            // One wait for shared memory, not one for each target: what is read for targets that are missing meets
            // zeros.
            float coefficients[block];
            W2V_UNROLL
            for (int t = 0; t < block; ++t) coefficients[t] = g[t];
            W2V_UNROLL
            for (int t = 0; t < block; ++t)
              for (int i = 0; i < floats; ++i) {
                total.f[i] += coefficients[t] * rows[t][lane].f[i];
                change[t][lane].f[i] += coefficients[t] * x[lane].f[i];
              }
            for (int i = 0; i < floats; ++i) y[lane].f[i] += factor * total.f[i];
          });
          write(destination, input, tile, y);
        }
        // Nothing waits for memory between the reductions: lanes know their target's row and damping since before.
        uint32_t target[block];
        W2V_UNROLL
        for (int t = 0; t < block; ++t) {
          scale(change[t], Warp::broadcast(damping, t));
          target[t] = Warp::broadcast(own_target, t);
        }
        W2V_UNROLL
        for (int t = 0; t < block; ++t)
          if (static_cast<uint32_t>(t) < n) add(tables_.target, target[t], tile, change[t]);
      });
    });
  }

  // Calls f(first, size) for blocks of targets, as equal as can be: those of the processor.
  template <class F>
  W2V_LANES void for_blocks(F&& f) const {
    const uint32_t blocks = (n_targets_ + block - 1) / block;
    for (uint32_t b = 0, first = 0; b < blocks; ++b) {
      const uint32_t n = (n_targets_ - first + blocks - b - 1) / (blocks - b);
      f(first, n);
      first += n;
    }
  }

  // Whether a target may occur twice in the step.
  W2V_LANES bool has_repeated_targets() const {
    if (n_targets_ > 32) return true;
    Lanes<bool> again;
    Warp::each([&](unsigned lane) {
      again[lane] = false;
      if (lane >= n_targets_) return;
      for (uint32_t t = 0; t < lane; ++t)
        if (w_.targets[t] == w_.targets[lane]) again[lane] = true;
    });
    return Warp::ballot(again) != 0;
  }

  // A step of one input, as word2vec.c's: a target that occurs again has by then learned from the first time.
  W2V_LANES void repeat_targets(Tile (&rows)[block], const Tile& x, const float* g, uint32_t first, uint32_t n) const {
    W2V_UNROLL
    for (int t = 1; t < block; ++t) W2V_UNROLL
    for (int before = 0; before < t; ++before)
      if (static_cast<uint32_t>(t) < n &&
          w_.targets[first + static_cast<uint32_t>(t)] == w_.targets[first + static_cast<uint32_t>(before)])
        Warp::each([&](unsigned lane) {
          for (int i = 0; i < floats; ++i) rows[t][lane].f[i] += g[before] * x[lane].f[i];
        });
  }

  W2V_LANES float factor_of(const float* rate_factors, uint32_t slot) const {
    return rate_factors == nullptr ? 1 : rate_factors[w_.slot_word[slot]];
  }

  W2V_LANES float label_of(uint32_t target) const {
    return target < n_nodes_ ? tables_.path_labels[path_ + target] : target == n_nodes_ ? 1.0f : 0.0f;
  }

  // Scores → (labels − σ(scores)) · learning rate.
  W2V_LANES void to_gradient(uint32_t n_inputs) {
    const float rate = chunk_->learning_rate;  // on its way from device memory before it is needed
    Warp::each([&](unsigned lane) {
      for (uint32_t i = lane; i < n_inputs * n_targets_; i += 32) {
        const uint32_t target = i % n_targets_;
        const float score = w_.scores[i];
        float error = label_of(target);
        if (tables_.logistic == nullptr)
          error -= 1.0f / (1.0f + Warp::exp(-score));
        else if (score > -logistic_limit && score < logistic_limit)
          error -= tables_.logistic[static_cast<int>((score + logistic_limit) * logistic_table_step)];
        else if (target < n_nodes_)
          error = 0;
        else
          error -= score > 0 ? 1.0f : 0.0f;
        w_.scores[i] = error * rate;
      }
      if (lane < score_padding) w_.scores[n_inputs * n_targets_ + lane] = 0;
    });
  }

  // −log σ(±score) of every score (train/loss.h).
  W2V_LANES void add_loss(uint32_t n_inputs) {
    Warp::each([&](unsigned lane) {
      for (uint32_t i = lane; i < n_inputs * n_targets_; i += 32) {
        const float s = label_of(i % n_targets_) > 0.5f ? w_.scores[i] : -w_.scores[i];
        loss_[lane] += (s < 0 ? -s : 0) + Warp::log1p(Warp::exp(s < 0 ? s : -s));
      }
    });
    measured_ += n_inputs;
  }

  // sums[t] = the sum of dots[t] over the lanes, t < n ≤ 8. Half of the values change lanes in each step: 9 exchanges
  // for 8 sums in place of 40.
  W2V_LANES static void store_sums(Lanes<float> (&dots)[padded_block], uint32_t n, float* sums) {
    exchange<8, 16>(dots);
    exchange<4, 8>(dots);
    exchange<2, 4>(dots);
    for (unsigned mask = 2; mask != 0; mask /= 2) {
      const Lanes<float> other = Warp::shuffle_xor(dots[0], mask);
      Warp::each([&](unsigned lane) { dots[0][lane] += other[lane]; });
    }
    Warp::each([&](unsigned lane) {
      if (lane % 4 == 0 && lane / 4 < n) sums[lane / 4] = dots[0][lane];
    });
  }

  // Lanes with the bit `mask` keep the upper half of `values` sums, the others the lower half.
  template <int values, unsigned mask>
  W2V_LANES static void exchange(Lanes<float>* dots) {
    for (int i = 0; i < values / 2; ++i) {
      Lanes<float> sent;
      Warp::each([&](unsigned lane) { sent[lane] = (lane & mask) != 0 ? dots[i][lane] : dots[i + values / 2][lane]; });
      const Lanes<float> received = Warp::shuffle_xor(sent, mask);
      Warp::each([&](unsigned lane) {
        dots[i][lane] = ((lane & mask) != 0 ? dots[i + values / 2][lane] : dots[i][lane]) + received[lane];
      });
    }
  }

  // ---- tiles: named by the first float of theirs ----

  template <class F>
  W2V_LANES void for_tiles(F&& f) const {
    if constexpr (whole_row) {
      f(0u);
    } else {
      for (uint32_t tile = 0; tile < tables_.stride; tile += tile_floats) f(tile);
    }
  }

  // Calls f(size, offset in the row, offset in the piece) for the float4s, the float2 and the float of a lane.
  template <class F>
  W2V_LANES void for_parts(unsigned lane, uint32_t tile, F&& f) const {
    if constexpr (!whole_row)
      if (tile + lane * 4 >= tables_.stride) return;
    W2V_UNROLL
    for (int q = 0; q < floats / 4; ++q) f(Size<4>(), tile + static_cast<uint32_t>(q) * 128 + lane * 4, q * 4);
    constexpr int after4 = floats / 4 * 4, after2 = floats / 2 * 2;
    if constexpr (floats % 4 >= 2) f(Size<2>(), tile + after4 * 32 + lane * 2, after4);
    if constexpr (floats % 2 == 1) f(Size<1>(), tile + after2 * 32 + lane, after2);
  }
  template <int n>
  struct Size {
    static constexpr int value = n;
  };

  W2V_LANES static void clear(Tile& tile) {
    Warp::each([&](unsigned lane) {
      for (int i = 0; i < floats; ++i) tile[lane].f[i] = 0;
    });
  }
  W2V_LANES static void scale(Tile& tile, float factor) {
    Warp::each([&](unsigned lane) {
      for (int i = 0; i < floats; ++i) tile[lane].f[i] *= factor;
    });
  }

  // Rows in the worker's own memory: each lane reads what it has written.
  W2V_LANES void read(const float* rows, uint32_t row, uint32_t tile, Tile& to) const {
    const float* const base = rows + uint64_t{row} * tables_.stride;
    if constexpr (!whole_row) clear(to);
    Warp::each([&](unsigned lane) {
      for_parts(lane, tile, [&](auto size, uint32_t from, int at) {
        struct alignas(sizeof(float) * decltype(size)::value) Part {
          float f[decltype(size)::value];
        };
        const Part part = *reinterpret_cast<const Part*>(base + from);
        for (int i = 0; i < decltype(size)::value; ++i) to[lane].f[at + i] = part.f[i];
      });
    });
  }
  W2V_LANES void write(float* rows, uint32_t row, uint32_t tile, const Tile& values) const {
    float* const base = rows + uint64_t{row} * tables_.stride;
    Warp::each([&](unsigned lane) {
      for_parts(lane, tile, [&](auto size, uint32_t to, int at) {
        struct alignas(sizeof(float) * decltype(size)::value) Part {
          float f[decltype(size)::value];
        };
        Part part;
        for (int i = 0; i < decltype(size)::value; ++i) part.f[i] = values[lane].f[at + i];
        *reinterpret_cast<Part*>(base + to) = part;
      });
    });
  }
  W2V_LANES void copy(float* to, const float* from, uint32_t row) const {
    for_tiles([&](uint32_t tile) {
      Tile values;
      read(from, row, tile, values);
      write(to, row, tile, values);
    });
  }

  // Rows in device memory; zeros for targets that are missing.
  W2V_LANES void load_targets(Tile (&rows)[block], uint32_t first, uint32_t n, uint32_t tile) const {
    W2V_UNROLL
    for (int t = 0; t < block; ++t) {
      clear(rows[t]);
      if (static_cast<uint32_t>(t) >= n) continue;
      const float* const base =
          tables_.target + uint64_t{w_.targets[first + static_cast<uint32_t>(t)]} * tables_.stride;
      Warp::each([&](unsigned lane) {
        for_parts(lane, tile, [&](auto size, uint32_t from, int at) {
          Warp::template load<decltype(size)::value>(base + from, rows[t][lane].f + at);
        });
      });
    }
  }
  W2V_LANES void add(float* rows, uint32_t row, uint32_t tile, const Tile& change) const {
    float* const base = rows + uint64_t{row} * tables_.stride;
    Warp::each([&](unsigned lane) {
      for_parts(lane, tile, [&](auto size, uint32_t to, int at) {
        Warp::template add<decltype(size)::value>(base + to, change[lane].f + at);
      });
    });
  }

  const Tables& tables_;
  const Layout& layout_;
  const Launch& launch_;
  const Workspace w_;
  const Chunk* chunk_ = nullptr;
  SequentialDraws sequence_{0};
  uint64_t windows_ = 0;
  uint64_t measured_ = 0;  // predictions
  Lanes<float> loss_;
  bool measuring_ = false;
  uint32_t size_ = 0;                   // of the sentence
  uint32_t entered_ = 0, arrived_ = 0;  // positions of it that came into the ring, and whose rows are there
  uint64_t path_ = 0;                   // where the center's path begins
  uint32_t n_nodes_ = 0, n_targets_ = 0;
};

}  // namespace w2v::cuda
