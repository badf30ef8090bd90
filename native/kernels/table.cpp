// The table of one instruction set (compiled once per ISA).
#include "kernels/isa_functions.h"

#define W2V_STRING2(x) #x
#define W2V_STRING(x) W2V_STRING2(x)

namespace w2v::W2V_ISA {

extern const Kernels table;
const Kernels table = {W2V_STRING(W2V_ISA), &update,          &scan,     &scan_panel,  &scan_int8,     &dot_int8,
                       &scan_bfloat16,      &find_separators, &sum_rows, &add_to_rows, &score_targets, &update_targets,
                       &to_logistic,        &to_softmax};

}  // namespace w2v::W2V_ISA
