/** Turns the constants that TypeScript declares for functions of the addon into declarations of functions. */
import ts from 'typescript';

/**
 * Rewrites `export declare const ne_get: (sess: …) => number` as `export declare function ne_get(sess: …): number` in a
 * file of declarations. `lib/ne` exports the very functions of the addon, so TypeScript declares constants. Editors and
 * documentation tools show a function as a function only if it is declared as a function.
 */
export function functionsDeclared(text: string): string {
  const source = ts.createSourceFile('declarations.d.ts', text, ts.ScriptTarget.Latest, true);
  const edits = source.statements.flatMap((statement) => {
    if (!ts.isVariableStatement(statement)) return [];
    const [declaration] = statement.declarationList.declarations;
    const type = declaration?.type;
    if (!declaration || !type || !ts.isFunctionTypeNode(type)) return [];
    const arrow = type.getChildren().find(({ kind }) => kind === ts.SyntaxKind.EqualsGreaterThanToken);
    if (!arrow) return [];
    return [
      { start: statement.declarationList.getStart(), end: declaration.getStart(), text: 'function ' },
      { start: declaration.name.getEnd(), end: type.getStart(), text: '' },
      { start: arrow.getFullStart(), end: arrow.getEnd(), text: ':' },
    ];
  });
  // From the last edit to the first, so that the places of the remaining edits stay valid.
  return edits.reduceRight((edited, { start, end, text }) => edited.slice(0, start) + text + edited.slice(end), text);
}
