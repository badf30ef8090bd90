// Training on the processor's cores.
#pragma once

#include "base/task_control.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "train/schedule.h"
#include "train/state.h"

namespace w2v {

// Goes on from `state`, which it brings up to date, to the end of epoch `until`, on options.threads threads, which
// update the same matrices without locks (Hogwild: Recht et al. 2011). One thread computes what word2vec.c computes,
// whether at one go or with ends in between; the result of several depends on their interleaving.
// Returns the CPU seconds that the threads used. On control.stop_early it ends as soon as each thread is between two
// sentences. Throws ERR_W2V_CANCELLED: what was learned stays in the model, the state is not to be used.
double train_on_cpu(Model& model, const EncodedCorpus& corpus, const TrainingOptions& options, TrainingState& state,
                    Schedule& schedule, uint64_t until, TaskControl& control);

}  // namespace w2v
