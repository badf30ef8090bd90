"""Loads vectors with gensim and asks them; prints one JSON line of seconds and bytes.

Arguments: a JSON object {file, queries, analogies}: a Google binary file, the number of single queries, and an analogy file or null.
"""

import json
import sys
import time

from gensim.models import KeyedVectors

given = json.loads(sys.argv[1])


def anonymous_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))


before = anonymous_bytes()
start = time.perf_counter()
vectors = KeyedVectors.load_word2vec_format(given["file"], binary=True)
result = {"open": time.perf_counter() - start, "anonymous": anonymous_bytes() - before}
words = [vectors.index_to_key[1000 * i + 5] for i in range(given["queries"] + 1)]
vectors.most_similar(words[-1])
times = []
for word in words[:-1]:
    start = time.perf_counter()
    vectors.most_similar(word)
    times.append(time.perf_counter() - start)
result["query"] = sorted(times)[len(times) // 2]
if given["analogies"]:
    start = time.perf_counter()
    vectors.evaluate_word_analogies(given["analogies"], restrict_vocab=30000)
    result["analogies"] = time.perf_counter() - start
print(json.dumps(result))
