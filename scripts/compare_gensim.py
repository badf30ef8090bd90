"""Answers questions by gensim's KeyedVectors: one JSON object on standard input, one on standard output."""

import json
import sys

import numpy as np
from gensim.models import KeyedVectors

request = json.load(sys.stdin)
kv = KeyedVectors.load_word2vec_format(request["file"], binary=True)


def pairs(neighbours):
    return [[word, float(score)] for word, score in neighbours]


def terms(items):
    return [tuple(item) if isinstance(item, list) else item for item in items]


def word_movers_distance(a, b, norm):
    """gensim's wmdistance needs a package that may not be there: the same linear programme by SciPy."""
    from scipy.optimize import linprog

    a, b = [[word for word in text if word in kv] for text in (a, b)]
    left, right = sorted(set(a)), sorted(set(b))
    supply = [a.count(word) / len(a) for word in left]
    demand = [b.count(word) / len(b) for word in right]
    x, y = [np.array([kv.get_vector(word, norm=norm) for word in words], dtype=float) for words in (left, right)]
    cost = np.sqrt(((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2))
    n, m = cost.shape
    constraints = np.zeros((n + m, n * m))
    for i in range(n):
        constraints[i, i * m : (i + 1) * m] = 1
    for j in range(m):
        constraints[n + j, j::m] = 1
    return float(linprog(cost.ravel(), A_eq=constraints, b_eq=supply + demand).fun)


def added(words, rows, replace):
    grown = kv.vectors_for_all(kv.index_to_key)
    grown.add_vectors(words, np.array(rows, dtype=np.float32), replace=replace)
    return [grown.index_to_key[-3:], grown[words].ravel().tolist()]


def normalized(words):
    own = kv.vectors_for_all(kv.index_to_key)
    own.unit_normalize_all()
    return own[words].ravel().tolist()


def word_analogies(file, restrict):
    score, sections = kv.evaluate_word_analogies(file, restrict_vocab=restrict)
    return [float(score), [[s["section"], len(s["correct"]), len(s["incorrect"])] for s in sections[:-1]]]


def word_pairs(file, restrict):
    pearson, spearman, oov = kv.evaluate_word_pairs(file, restrict_vocab=restrict)
    return [float(pearson[0]), float(spearman[0]), float(oov)]


def phrases(sentences, scoring, min_count, threshold, connectors):
    from gensim.models.phrases import Phrases

    learned = Phrases(
        sentences, scoring=scoring, min_count=min_count, threshold=threshold, connector_words=frozenset(connectors)
    )
    frozen = learned.freeze()
    found = sorted(frozen.phrasegrams.items())
    return [pairs(found), [list(sentence) for sentence in frozen[sentences]]]


def predicted(words, inputs, outputs, context):
    from gensim.models import Word2Vec

    model = Word2Vec(vector_size=len(inputs[0]), min_count=1, negative=5)
    model.build_vocab_from_freq({word: len(words) - i for i, word in enumerate(words)})
    order = [words.index(word) for word in model.wv.index_to_key]
    model.wv.vectors = np.array(inputs, dtype=np.float32)[order]
    model.syn1neg = np.array(outputs, dtype=np.float32)[order]
    return pairs(model.predict_output_word(context, topn=5))


methods = {
    "phrases": phrases,
    "predictOutputWord": predicted,
    "mostSimilar": lambda p, n, o: pairs(
        kv.most_similar(
            positive=terms(p),
            negative=terms(n),
            topn=o["topN"],
            restrict_vocab=o.get("restrictVocab"),
            clip_start=o.get("clipStart", 0),
            clip_end=o.get("clipEnd"),
        )
    ),
    "mostSimilarCosmul": lambda p, n: pairs(kv.most_similar_cosmul(positive=p, negative=n)),
    "similarByVector": lambda v: pairs(kv.similar_by_vector(np.array(v, dtype=np.float32))),
    "similarByWord": lambda w: pairs(kv.similar_by_word(w)),
    "similarity": lambda a, b: float(kv.similarity(a, b)),
    "distance": lambda a, b: float(kv.distance(a, b)),
    "distances": lambda w, others: kv.distances(w, others).tolist(),
    "allDistances": lambda w: kv.distances(w).tolist(),
    "nSimilarity": lambda a, b: float(kv.n_similarity(a, b)),
    "cosineSimilarities": lambda v, rows: kv.cosine_similarities(
        np.array(v, dtype=np.float32), np.array(rows, dtype=np.float32)
    ).tolist(),
    "doesntMatch": lambda words: kv.doesnt_match(words),
    "rank": lambda a, b: int(kv.rank(a, b)),
    "closerThan": lambda a, b: sorted(kv.closer_than(a, b)),
    "relativeCosineSimilarity": lambda a, b: float(kv.relative_cosine_similarity(a, b)),
    "mostSimilarToGiven": lambda w, words: kv.most_similar_to_given(w, words),
    "rankByCentrality": lambda words: [[word, float(score)] for score, word in kv.rank_by_centrality(words)],
    "getMeanVector": lambda words, weights: kv.get_mean_vector(words, weights=weights).tolist(),
    "getVector": lambda w, norm: kv.get_vector(w, norm=norm).tolist(),
    "vectorsForAll": lambda words: kv.vectors_for_all(words).index_to_key,
    "addVectors": added,
    "unitNormalizeAll": normalized,
    "wmDistance": word_movers_distance,
    "evaluateWordAnalogies": word_analogies,
    "evaluateWordPairs": word_pairs,
}

json.dump([methods[name](*arguments) for name, *arguments in request["questions"]], sys.stdout)
