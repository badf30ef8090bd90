const nMaps = 256;

/**
 * Word → number, in many maps: a single one of a million words would keep its thread for tens of milliseconds whenever it
 * grows.
 */
export class WordMap {
  readonly #maps = Array.from({ length: nMaps }, () => new Map<string, number>());

  get(word: string): number | undefined {
    return this.#mapOf(word).get(word);
  }

  set(word: string, value: number): void {
    this.#mapOf(word).set(word, value);
  }

  #mapOf(word: string): Map<string, number> {
    const { length } = word;
    const units =
      7 * word.charCodeAt(0) + 31 * word.charCodeAt(length >> 1) + 131 * word.charCodeAt(length - 1);
    return this.#maps[(length + (units || 0)) % nMaps]!; // an empty word has none: NaN
  }
}
