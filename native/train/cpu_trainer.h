// Training on the processor's cores.
#pragma once

#include "base/task_control.h"
#include "corpus/corpus.h"
#include "model/model.h"
#include "train/schedule.h"

namespace w2v {

// Runs all epochs on options.threads threads, which update the same matrices without locks (Hogwild: Recht et al.
// 2011). One thread computes what word2vec.c computes; the result of several depends on their interleaving.
// Returns the CPU seconds that the threads used. Throws ERR_W2V_CANCELLED; ends early on control.stop_early.
double train_on_cpu(Model& model, const EncodedCorpus& corpus, const TrainingOptions& options, Schedule& schedule,
                    TaskControl& control);

}  // namespace w2v
