#!/usr/bin/env node
// The command `word-analogy` of Google's tools: the first word is to the second as the third is to …
import { describeWord, runQueryTool } from './query-loop.js';

runQueryTool({
  name: 'word-analogy',
  prompt: 'Enter three words (EXIT to break): ',
  header: `${'Word'.padStart(50)}              Distance`,
  ask: (words, vectors) => {
    if (words.length < 3) {
      return {
        text: `Only ${words.length} words were entered.. three words are needed at the input to perform the calculation\n`,
      };
    }
    let text = '';
    for (const word of words) {
      const known = vectors.has(word);
      text += known ? describeWord(word, vectors) : `\nWord: ${word}  Position in vocabulary: 0\n`;
      // The original takes word 0, </s>, for an unknown one.
      if (!known || vectors.indexOf(word) === 0) return { text: `${text}Out of dictionary word!\n` };
    }
    const [a, b, c] = words as [string, string, string];
    return { text, question: { positive: [b, c], negative: [a] } };
  },
});
