// The functions that each per-ISA source defines in its instruction set's namespace.
#pragma once

#include "kernels/kernels.h"

#ifndef W2V_ISA
#error "compile through w2v_add_isa(), which defines W2V_ISA"
#endif

namespace w2v::W2V_ISA {

void update(const Step* steps, size_t n_steps, const UpdateTables& tables);
void scan(const float* query, const char* const* rows, size_t n_rows, size_t dims, float* scores);
void scan_panel(const float* panel, const char* const* rows, size_t n_rows, size_t dims, float* scores);
void scan_int8(const int8_t* query, const char* const* rows, size_t n_rows, size_t size, int32_t* dots);
int32_t dot_int8(const int8_t* a, const int8_t* b, size_t size);
void scan_bfloat16(const float* query, const char* const* rows, size_t n_rows, size_t size, float* scores);
void find_separators(const char* bytes, size_t n_blocks, uint64_t* masks);
void dense_forward(const DenseWeights& layer, const DenseInputs& x, float* y);
void dense_input_gradient(const DenseWeights& layer, const float* dy, const DenseInputs& dx);
void dense_step(const DenseWeights& layer, const DenseInputs& x, const float* dy, float rate, float keep);
void sum_rows(const float* rows, const WeightedRow* terms, size_t n_terms, size_t stride, float* sum);
void add_to_rows(float* rows, const WeightedRow* terms, size_t n_terms, size_t stride, float factor,
                 const float* change);
void score_targets(const float* input, const float* rows, const uint32_t* targets, size_t n_targets, size_t stride,
                   float* scores);
void update_targets(const float* input, float* gradient, float* rows, const uint32_t* targets, size_t n_targets,
                    size_t stride, const float* errors);
void to_logistic(float* scores, size_t n);
void to_softmax(float* scores, size_t n);

}  // namespace w2v::W2V_ISA
