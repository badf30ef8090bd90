// Words that are too frequent to tell much, by language.
import { createRequire } from 'node:module';
import { expectOption } from '../arguments.js';

/** ISO 639-1 → the names of the lists in the package `stopword` (ISO 639-3, mostly). */
const lists: Readonly<Record<string, string>> = {
  af: 'afr',
  ar: 'ara',
  bg: 'bul',
  bn: 'ben',
  br: 'bre',
  ca: 'cat',
  cs: 'ces',
  da: 'dan',
  de: 'deu',
  el: 'ell',
  en: 'eng',
  eo: 'epo',
  es: 'spa',
  et: 'est',
  eu: 'eus',
  fa: 'fas',
  fi: 'fin',
  fr: 'fra',
  ga: 'gle',
  gl: 'glg',
  gu: 'guj',
  ha: 'hau',
  he: 'heb',
  hi: 'hin',
  hr: 'hrv',
  hu: 'hun',
  hy: 'hye',
  id: 'ind',
  it: 'ita',
  ja: 'jpn',
  ko: 'kor',
  ku: 'kur',
  la: 'lat',
  lt: 'lit',
  lv: 'lav',
  mr: 'mar',
  ms: 'msa',
  my: 'mya',
  nb: 'nob',
  nl: 'nld',
  no: 'nob',
  pa: 'panGu',
  pl: 'pol',
  pt: 'por',
  ro: 'ron',
  ru: 'rus',
  sk: 'slk',
  sl: 'slv',
  so: 'som',
  st: 'sot',
  sv: 'swe',
  sw: 'swa',
  th: 'tha',
  tl: 'tgl',
  tr: 'tur',
  uk: 'ukr',
  ur: 'urd',
  vi: 'vie',
  yo: 'yor',
  zh: 'zho',
  zu: 'zul',
};

const load = createRequire(__filename);

/** Languages that {@link stopWords} has a list of: ISO 639-1 codes. */
export const stopWordLanguages: readonly string[] = Object.keys(lists);

/**
 * The stop-words of a language, in lower case: the lists of the package `stopword`.
 *
 * @param language - an ISO 639-1 code, also as the beginning of a locale: `en`, `zh`, `pt-BR`
 * @throws ERR_W2V_OPTION: there is no list of it
 */
export function stopWords(language: string): readonly string[] {
  const code = typeof language === 'string' ? language.toLowerCase().split(/[-_]/)[0]! : '';
  const expected = `a language with a list of stop-words (${stopWordLanguages.join(', ')})`;
  expectOption(Object.hasOwn(lists, code), expected, language);
  return (load('stopword') as Record<string, readonly string[]>)[lists[code]!]!;
}
