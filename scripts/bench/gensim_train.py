"""Trains gensim in corpus_file mode; prints one JSON line with the CPU seconds of the training phase.

Arguments: a JSON object {corpus, vectorSize, sg, hs, negative, sample, window, epochs, workers} and, where the vectors
are to be saved in Google's binary format, {output}; also {alpha} and {seed}.
"""

import json
import resource
import sys

import gensim
from gensim.models.word2vec import FAST_VERSION, Word2Vec

given = json.loads(sys.argv[1])
with open("/proc/self/maps") as maps:
    if "openblas" not in maps.read():
        sys.exit("gensim runs without OpenBLAS here: install libopenblas0")
if FAST_VERSION < 0:
    sys.exit("gensim runs without its compiled training loop")


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


model = Word2Vec(
    vector_size=given["vectorSize"],
    window=given["window"],
    sg=int(given["sg"]),
    hs=int(given["hs"]),
    negative=given["negative"],
    sample=given["sample"],
    epochs=given["epochs"],
    workers=given["workers"],
    alpha=given.get("alpha", 0.025),
    seed=given.get("seed", 1),
    min_count=5,
)
model.build_vocab(corpus_file=given["corpus"])
before = cpu_seconds()
model.train(
    corpus_file=given["corpus"],
    total_examples=model.corpus_count,
    total_words=model.corpus_total_words,
    epochs=model.epochs,
)
after = cpu_seconds()
if "output" in given:
    model.wv.save_word2vec_format(given["output"], binary=True)
print(json.dumps({"cpuSeconds": after - before, "version": gensim.__version__}))
