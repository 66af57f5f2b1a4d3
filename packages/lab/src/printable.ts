/** Controls, line ends, marks that turn the direction of text, and characters that show nothing. */
const unprintable =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Longest text that is shown whole. */
const LIMIT = 600;

/**
 * Text on one line, as a terminal may show it: what others gave (names, paths, values) cannot move the cursor, clear
 * the screen, or fill it. The middle of a long text is left out, and counted.
 */
export function printable(text: string): string {
  const half = LIMIT / 2;
  const cut = text.length - LIMIT;
  const short = cut > 0 ? `${text.slice(0, half)}… (${cut} characters) …${text.slice(-half)}` : text;
  return short.replace(
    unprintable,
    (character) => named[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
