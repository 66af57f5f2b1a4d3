// What the sources say of each declared part: its text, its formula, its references and its code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';

const declaring = new Set(['definePart', 'defineVariant', 'definePreset']);
const unquoted = (node) => (node && ts.isStringLiteral(node) ? node.text : undefined);

/** The comment before a statement, without its stars. */
function commentOf(text, statement) {
  const [range] = ts.getLeadingCommentRanges(text, statement.getFullStart())?.slice(-1) ?? [];
  if (!range) return '';
  const inside = text.slice(range.pos, range.end).replace(/^\/\*\*?|\*\/$/g, '');
  return inside
    .split('\n')
    .map((line) => line.replace(/^ ?\* ?/, '').trimEnd())
    .join('\n')
    .trim();
}

/** Paragraphs of prose, indented formulas, and what `@see` refers to. */
function partsOf(comment) {
  const [prose, ...tags] = comment.split(/^@(?=\w)/m);
  const paragraphs = prose.trim().split(/\n{2,}/);
  const isFormula = (paragraph) => paragraph.split('\n').every((line) => line.startsWith('  '));
  const plain = (text) => text.replace(/\{@link (\w+)\}/g, '`$1`');
  return {
    text: paragraphs.filter((paragraph) => !isFormula(paragraph)).map(plain),
    formula: paragraphs.filter(isFormula).map((block) => block.replace(/^ {2}/gm, '')),
    see: tags
      .filter((tag) => tag.startsWith('see '))
      .map((tag) => plain(tag.slice(4).replace(/\s+/g, ' ').trim())),
  };
}

function declarationsIn(root, file, found) {
  const text = readFileSync(join(root, file), 'utf8');
  if (![...declaring].some((name) => text.includes(`${name}(`))) return;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements.filter(ts.isVariableStatement)) {
    const call = statement.declarationList.declarations[0]?.initializer;
    const maker = call && ts.isCallExpression(call) ? call.expression.getText() : '';
    if (!declaring.has(maker)) continue;
    const about = call.arguments.find(ts.isObjectLiteralExpression);
    const property = (name) =>
      unquoted(about?.properties.find((each) => each.name?.getText() === name)?.initializer);
    const kind = property('kind') ?? 'variant';
    const code = text.slice(statement.getStart(), statement.end);
    found.set(`${kind}:${property('name')}`, { ...partsOf(commentOf(text, statement)), file, code });
  }
}

/** Text, formula, references, file and code of every part that a package declares, by `kind:name`. */
export function declarations(root) {
  const found = new Map();
  for (const folder of readdirSync(join(root, 'packages'))) {
    const src = posix.join('packages', folder, 'src');
    if (!existsSync(join(root, src))) continue;
    for (const name of readdirSync(join(root, src), { recursive: true }).map(String))
      if (name.endsWith('.ts')) declarationsIn(root, posix.join(src, name), found);
  }
  return found;
}
