const zeroWidth = /^(?:\p{Mn}|\p{Me}|\p{Cf})$/u;
const doubleWidth =
  /^(?:\p{Emoji_Presentation}|[\u{1100}-\u{115f}\u{2e80}-\u{303e}\u{3041}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{20000}-\u{3fffd}])$/u;

/** Width of a text in terminal cells (wcwidth(3)); control characters count as none. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 0x7f) width += code < 32 ? 0 : 1;
    else if (doubleWidth.test(character)) width += 2;
    else if (code >= 0xa0 && !zeroWidth.test(character)) width += 1;
  }
  return width;
}
