#!/usr/bin/env node
// The command `word2vec` of Google's tools.
import { Flags, runTool } from './flags.js';
import { originalDefaults, trainAsOriginal } from './train.js';

const usage = `WORD VECTOR estimation toolkit

Options:
Parameters for training:
	-train <file>
		Use text data from <file> to train the model
	-output <file>
		Use <file> to save the resulting word vectors / word clusters
	-size <int>
		Set size of word vectors; default is 100
	-window <int>
		Set max skip length between words; default is 5
	-sample <float>
		Set threshold for occurrence of words. Those that appear with higher frequency in the training data
		will be randomly down-sampled; default is 1e-3
	-hs <int>
		Use Hierarchical Softmax; default is 0 (not used)
	-negative <int>
		Number of negative examples; default is 5, common values are 3 - 10 (0 = not used)
	-threads <int>
		Use <int> threads (default 12)
	-iter <int>
		Run more training iterations (default 5)
	-min-count <int>
		This will discard words that appear less than <int> times; default is 5
	-alpha <float>
		Set the starting learning rate; default is 0.025 for skip-gram and 0.05 for CBOW
	-classes <int>
		Output word classes rather than word vectors; default number of classes is 0 (vectors are written)
	-debug <int>
		Set the debug mode (default = 2 = more info during training)
	-binary <int>
		Save the resulting vectors in binary moded; default is 0 (off)
	-save-vocab <file>
		The vocabulary will be saved to <file>
	-read-vocab <file>
		The vocabulary will be read from <file>, not constructed from the training data
	-cbow <int>
		Use the continuous bag of words model; default is 1 (use 0 for skip-gram model)

Examples:
./word2vec -train data.txt -output vec.txt -size 200 -window 5 -sample 1e-4 -negative 5 -hs 0 -binary 0 -cbow 1 -iter 3

`;

runTool(async (args) => {
  if (args.length === 0) {
    process.stdout.write(usage);
    return;
  }
  const flags = new Flags(args);
  const number = (flag: string, name: keyof typeof originalDefaults) =>
    flags.number(flag, originalDefaults[name]);
  await trainAsOriginal(
    {
      train: flags.text('-train') ?? '',
      output: flags.text('-output'),
      size: number('-size', 'size'),
      window: number('-window', 'window'),
      sample: number('-sample', 'sample'),
      hs: number('-hs', 'hs'),
      negative: number('-negative', 'negative'),
      threads: number('-threads', 'threads'),
      iter: number('-iter', 'iter'),
      minCount: number('-min-count', 'minCount'),
      alpha: flags.text('-alpha') === undefined ? undefined : flags.number('-alpha', 0),
      classes: number('-classes', 'classes'),
      debug: number('-debug', 'debug'),
      binary: number('-binary', 'binary'),
      saveVocab: flags.text('-save-vocab'),
      readVocab: flags.text('-read-vocab'),
      cbow: number('-cbow', 'cbow'),
    },
    (text) => process.stdout.write(text),
  );
});
