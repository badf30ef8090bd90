// The functions that each per-ISA source defines in its instruction set's namespace.
#pragma once

#include "kernels/kernels.h"

#ifndef W2V_ISA
#error "compile through w2v_add_isa(), which defines W2V_ISA"
#endif

namespace w2v::W2V_ISA {

void update(const Step* steps, size_t n_steps, const UpdateTables& tables);
void scan(const float* query, const float* rows, size_t n_rows, size_t stride, float* scores);
void scan_panel(const float* panel, size_t dims, const float* rows, size_t n_rows, size_t stride, float* scores);
void find_separators(const char* bytes, size_t n_blocks, uint64_t* masks);

}  // namespace w2v::W2V_ISA
