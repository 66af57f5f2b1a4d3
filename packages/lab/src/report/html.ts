const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that is meant as such. */
export class Html {
  constructor(readonly text: string) {}
}

/** Things that can stand in a template: text is escaped, markup and lists of it are not. */
export type Piece = Html | string | number | undefined | false | readonly Piece[];

function pieceText(piece: Piece): string {
  if (piece instanceof Html) return piece.text;
  if (Array.isArray(piece)) return piece.map(pieceText).join('');
  if (piece === undefined || piece === false) return '';
  return String(piece).replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** A template of HTML that escapes whatever stands in it, unless that is {@link Html} itself. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(strings.reduce((text, part, i) => text + pieceText(pieces[i - 1] as Piece) + part));
}
