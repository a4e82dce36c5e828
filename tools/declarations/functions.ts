/** Rewrites constants that hold functions of the addon as function declarations in the compiled declaration files. */
import ts from 'typescript';

/**
 * Rewrites `export declare const ne_get: (sess: …) => number` as `export declare function ne_get(sess: …): number` in a
 * declaration file. `lib/ne` assigns the addon's functions to constants, so TypeScript declares them as constants.
 * Editors and documentation tools show a function as such only if it is declared as a function.
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
  // Applies the last edit first, so that the positions of the remaining edits stay valid.
  return edits.reduceRight((edited, { start, end, text }) => edited.slice(0, start) + text + edited.slice(end), text);
}
