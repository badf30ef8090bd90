"""Learns gensim's Phrases from a file of lines and joins them; prints one JSON line of seconds, words and phrases."""

import json
import sys
import time

from gensim.models.phrases import Phrases
from gensim.models.word2vec import LineSentence

text = sys.argv[1]
start = time.perf_counter()
phrases = Phrases(LineSentence(text))
frozen = phrases.freeze()
learn = time.perf_counter() - start
start = time.perf_counter()
with open("/dev/null", "w") as out:
    for sentence in frozen[LineSentence(text)]:
        out.write(" ".join(sentence) + "\n")
join = time.perf_counter() - start
print(json.dumps({"learn": learn, "join": join, "words": phrases.corpus_word_count, "found": len(frozen.phrasegrams)}))
