// The SIMD routines, each compiled once per instruction set and chosen once per process.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernels/dense.h"
#include "kernels/step.h"

namespace w2v {

// Queries that share one pass over the rows.
inline constexpr size_t panel_queries = 32;

// A row of a matrix and how much of it.
struct WeightedRow {
  uint32_t row;
  float weight;
};

struct Kernels {
  const char* isa;

  // update.cpp: executes steps in order (step.h says what a step computes).
  void (*update)(const Step* steps, size_t n_steps, const UpdateTables& tables);

  // scan.cpp, one query: scores[r] = query · rows[r]. A row is `dims` floats of any alignment; the query is padded with
  // zeros to a multiple of 16.
  void (*scan)(const float* query, const char* const* rows, size_t n_rows, size_t dims, float* scores);

  // scan.cpp, a panel of queries: scores[r · panel_queries + q] = rows[r] · query q, whose element d is
  // panel[d · panel_queries + q].
  void (*scan_panel)(const float* panel, const char* const* rows, size_t n_rows, size_t dims, float* scores);

  // quantized.cpp: dots[r] = Σ query[d] · rows[r][d], d < size, a multiple of 64. No value is −128.
  void (*scan_int8)(const int8_t* query, const char* const* rows, size_t n_rows, size_t size, int32_t* dots);

  // quantized.cpp: the same for one row.
  int32_t (*dot_int8)(const int8_t* a, const int8_t* b, size_t size);

  // quantized.cpp: as scan_int8() for rows of bfloat16, size a multiple of 32.
  void (*scan_bfloat16)(const float* query, const char* const* rows, size_t n_rows, size_t size, float* scores);

  // separators.cpp: bit i of masks[b] = byte 64·b + i is a space, tab, line feed or carriage return.
  void (*find_separators)(const char* bytes, size_t n_blocks, uint64_t* masks);

  // dense.cpp: y[r · outputs + o] = bias[o] + Σ_k x row r[k] · W[k][o].
  void (*dense_forward)(const DenseWeights& layer, const DenseInputs& x, float* y);

  // dense.cpp: dx row r[k] += Σ_o W[k][o] · dy[r · outputs + o].
  void (*dense_input_gradient)(const DenseWeights& layer, const float* dy, const DenseInputs& dx);

  // dense.cpp: W[k][o] = keep · W[k][o] + rate · Σ_r x row r[k] · dy[r · outputs + o]; the bias likewise, but all kept.
  void (*dense_step)(const DenseWeights& layer, const DenseInputs& x, const float* dy, float rate, float keep);

  // documents.cpp. Rows are 64-byte aligned and `stride` floats apart, a multiple of 16.
  // sum = Σ weight · rows[row] over the terms.
  void (*sum_rows)(const float* rows, const WeightedRow* terms, size_t n_terms, size_t stride, float* sum);
  // rows[row] += factor · weight · change, for each term.
  void (*add_to_rows)(float* rows, const WeightedRow* terms, size_t n_terms, size_t stride, float factor,
                      const float* change);
  // scores[t] = input · rows[targets[t]].
  void (*score_targets)(const float* input, const float* rows, const uint32_t* targets, size_t n_targets, size_t stride,
                        float* scores);
  // gradient += Σ errors[t] · rows[targets[t]] (before); rows[targets[t]] += errors[t] · input.
  void (*update_targets)(const float* input, float* gradient, float* rows, const uint32_t* targets, size_t n_targets,
                         size_t stride, const float* errors);
  // Each score → σ(score); all → their softmax. Room for a whole number of 16 floats is written.
  void (*to_logistic)(float* scores, size_t n);
  void (*to_softmax)(float* scores, size_t n);
};

// Those that this build holds and this processor runs, best first; ends with nullptr.
const Kernels* const* available_kernels();

// The best of them, or the one that the environment variable W2V_FORCE_ISA names; throws ERR_W2V_ISA for a
// name that is unknown or that this machine cannot run. Chosen at the first call, then constant.
const Kernels& kernels();

}  // namespace w2v
