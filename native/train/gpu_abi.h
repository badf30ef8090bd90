/* The C interface between the core (train/gpu_library.h) and a library that trains on GPUs, which is found and loaded
 * at run time. Both sides are built from one source tree; the version guards against a library of another one. All
 * pointers are to host memory, which stays the caller's. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define W2V_GPU_ABI_VERSION 3u

/* What a call has come to. */
enum w2v_gpu_status {
  W2V_GPU_OK = 0,
  W2V_GPU_FAILED = 1,    /* a device or its driver: the message says which call and why */
  W2V_GPU_MEMORY = 2,    /* it does not fit on the device: the message tells the sizes */
  W2V_GPU_CANCELLED = 3, /* watch() said so */
};

/* Where a failing call leaves one line of text. */
typedef struct w2v_gpu_message {
  char text[1024];
} w2v_gpu_message;

typedef struct w2v_gpu_device {
  char name[256];
  int32_t capability_major, capability_minor;
  int32_t multiprocessors;
  uint64_t memory, free_memory; /* bytes */
  int32_t usable;               /* the library has code for it */
} w2v_gpu_device;

/* One part of the corpus (a thread's, on the processor) and what is gone through of it: train/state.h. */
typedef struct w2v_gpu_part {
  uint64_t epochs, words;
} w2v_gpu_part;

typedef struct w2v_gpu_loss {
  double sum;
  uint64_t predictions;
} w2v_gpu_loss;

/* A training: its model, corpus and options. The pointers must stay valid until close(). */
typedef struct w2v_gpu_problem {
  /* Matrices, rows `stride` floats apart of which `dims` are used; trained in place. */
  float* input;  /* [words × stride] */
  float* target; /* [target_rows × stride] */
  uint64_t dims, stride, words, target_rows;
  const uint64_t* counts; /* [words] */
  double ns_exponent;

  const float* rate_factors;        /* [words]; null: 1 for all */
  const float* keep_probability;    /* [words]; null: every word is kept */
  const uint32_t* noise_last_entry; /* [words]; of a NoiseTable; null: none */
  const uint32_t* noise_first_word; /* [noise_buckets] */
  uint64_t noise_buckets;
  const uint32_t* alias_slots;  /* [2 × words]; of an AliasTable; null: none */
  const uint64_t* path_offsets; /* [words + 1]; of a HuffmanTree; null: none */
  const uint32_t* path_nodes;   /* [path_offsets[words]] rows of `target` */
  const float* path_labels;     /* the same number */
  const float* logistic;        /* [logistic_table_size]; null: σ exactly */

  const uint32_t* const* segments; /* the encoded corpus, in pieces */
  const uint64_t* segment_sizes;   /* ids */
  uint64_t n_segments;

  /* model/options.h */
  uint32_t window, negative, max_sentence_length;
  uint32_t skip_gram, shared_negatives, cbow_mean, shrink_windows, compute_loss; /* 0 or 1 */
  uint64_t seed, epochs_before;
  float alpha, min_alpha;
  uint64_t total_words; /* over which the learning rate falls */

  const int32_t* devices; /* [n_devices], by number; the first is the one whose model counts at the end */
  uint32_t n_devices;

  /* How it is run; 0: as the library finds best. */
  uint32_t workers;                 /* warps that train at the same time, on each device */
  uint32_t chunk_words;             /* that a worker takes at a time */
  uint64_t corpus_bytes;            /* on each device, beyond which the corpus is streamed */
  uint64_t words_between_averages;  /* of each device, where there are several */
  uint32_t hot_inputs, hot_targets; /* windows whose changes of a row are under way at the same time, beyond which
                                       they are damped: of an input row, of a target row */
} w2v_gpu_problem;

/* Where a training is; brought up to date by run(). */
typedef struct w2v_gpu_progress {
  w2v_gpu_part* parts; /* [n_parts]: part i is ids [size · i / n, size · (i + 1) / n) of the corpus */
  uint64_t n_parts;
  uint64_t words;       /* in all parts and epochs */
  w2v_gpu_loss* losses; /* [n_losses], one per epoch */
  uint64_t n_losses;
  double busy_seconds, seconds; /* added up: of launches, and from the first one's begin to the last one's end */
  uint64_t workers;             /* on all devices */
} w2v_gpu_progress;

/* Told by the calling thread a few times a second; `words` in all, `epoch` whole ones before this, `loss` of it so far.
 */
enum w2v_gpu_wish { W2V_GPU_GO_ON = 0, W2V_GPU_STOP = 1, W2V_GPU_CANCEL = 2 };
typedef struct w2v_gpu_watch {
  void* context;
  enum w2v_gpu_wish (*tell)(void* context, uint64_t words, uint64_t epoch, w2v_gpu_loss loss);
} w2v_gpu_watch;

typedef struct w2v_gpu_session w2v_gpu_session;

typedef struct w2v_gpu_api {
  uint32_t version; /* W2V_GPU_ABI_VERSION */
  /* Devices there are: 0 and a message that says why where there is none. */
  int (*count)(int32_t* count, w2v_gpu_message* message);
  int (*describe)(int32_t device, w2v_gpu_device* description, w2v_gpu_message* message);
  /* Puts all but the model on the devices. */
  int (*open)(const w2v_gpu_problem* problem, w2v_gpu_session** session, w2v_gpu_message* message);
  /* Goes on from `progress` to the end of epoch `until`, or to where watch() wants it to stop: between two chunks. */
  int (*run)(w2v_gpu_session* session, uint64_t until, w2v_gpu_progress* progress, const w2v_gpu_watch* watch,
             w2v_gpu_message* message);
  void (*close)(w2v_gpu_session* session);
} w2v_gpu_api;

/* The one symbol that the library exports. */
#define W2V_GPU_ENTRY "w2v_gpu_entry"
typedef const w2v_gpu_api* (*w2v_gpu_entry_function)(void);

#ifdef __cplusplus
}
#endif
