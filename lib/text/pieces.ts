// Long texts in pieces that can be tokenised by themselves.

// After these a text can be cut: no word goes on over white space, or over the punctuation of scripts without spaces.
const cuts = /[\s\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f]/;

/**
 * Where a piece that begins at `from` ends: within `most` UTF-16 units, after the last line end there, else after the last white space or
 * full-width punctuation. A longer run without any is cut where the piece is full, but not within a character.
 */
export function pieceEnd(text: string, from: number, most: number): number {
  if (text.length - from <= most) return text.length;
  const lineEnd = text.lastIndexOf('\n', from + most - 1);
  if (lineEnd >= from) return lineEnd + 1;
  for (let end = from + most; end > from; --end) if (cuts.test(text[end - 1]!)) return end;
  const last = text.charCodeAt(from + most - 1);
  return from + most - (last >= 0xd800 && last < 0xdc00 ? 1 : 0);
}

/** The text in such pieces. */
export function* pieces(text: string, most: number): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = pieceEnd(text, from, most);
    yield text.slice(from, end);
    from = end;
  }
}
