#!/usr/bin/env node
// The command `word2phrase` of Google's tools.
import { Flags, runTool } from './flags.js';
import { joinAsOriginal, originalPhraseDefaults } from './phrases.js';

const usage = `WORD2PHRASE tool

Options:
Parameters for training:
	-train <file>
		Use text data from <file> to train the model
	-output <file>
		Use <file> to save the resulting word vectors / word clusters / phrases
	-min-count <int>
		This will discard words that appear less than <int> times; default is 5
	-threshold <float>
		 The <float> value represents threshold for forming the phrases (higher means less phrases); default 100
	-debug <int>
		Set the debug mode (default = 2 = more info during training)

Examples:
./word2phrase -train text.txt -output phrases.txt -threshold 100 -debug 2

`;

runTool(async (args) => {
  if (args.length === 0) {
    process.stdout.write(usage);
    return;
  }
  const flags = new Flags(args);
  const { minCount, threshold, debug } = originalPhraseDefaults;
  await joinAsOriginal(
    {
      train: flags.text('-train') ?? '',
      output: flags.text('-output') ?? '',
      minCount: flags.number('-min-count', minCount),
      threshold: flags.number('-threshold', threshold),
      debug: flags.number('-debug', debug),
    },
    (text) => process.stdout.write(text),
  );
});
