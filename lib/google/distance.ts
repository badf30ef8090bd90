#!/usr/bin/env node
// The command `distance` of Google's tools: the neighbours of a word, or of the sum of several.
import { describeWord, runQueryTool } from './query-loop.js';

runQueryTool({
  name: 'distance',
  prompt: 'Enter word or sentence (EXIT to break): ',
  header: `${'Word'.padStart(50)}       Cosine distance`,
  ask: (words, vectors) => {
    let text = '';
    for (const word of words) {
      text += describeWord(word, vectors);
      if (!vectors.has(word)) return { text: `${text}Out of dictionary word!\n` };
    }
    return words.length === 0 ? { text } : { text, question: { positive: words } };
  },
});
