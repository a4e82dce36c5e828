/** Reads the exports of `lib/ne`: the signatures and the doc comments of functions, and the names of constants. */
import ts from 'typescript';
import { filesIn, groupBy, read } from './project.js';

/** A function or constant that a file in `lib/ne` exports. */
export interface Exported {
  readonly name: string;
  /** `lib/ne/session.ts` */
  readonly file: string;
  /** Its place among the exports of all files. */
  readonly position: number;
  /** Its call signature; undefined for a constant. */
  readonly signature: Signature | undefined;
  /** The first sentence of its doc comment. */
  readonly summary: string;
  /**
   * The addon functions behind this export: the function that it exports directly, or the functions that it calls. A
   * function with the name of the export comes first.
   */
  readonly natives: readonly string[];
}

export interface Signature {
  /** The parameters without their types: `uri`, `userdata?`, `...values`. */
  readonly parameters: readonly string[];
  /** The type of the result, as the source writes it. */
  readonly result: string;
}

type Declaration = ts.VariableDeclaration | ts.FunctionDeclaration | ts.ClassDeclaration;

/** The declarations at the top level of a file, by name. A function with overloads has several declarations. */
type Declarations = ReadonlyMap<string, readonly Declaration[]>;

/** The exports of all files except `index.ts`, `promises.ts` and `handles.ts`, in the order of the files. */
export function exportsOfLib(): Exported[] {
  return filesIn('lib/ne', /\.ts$/)
    .filter((file) => !/\/(index|promises|handles)\.ts$/.test(file))
    .flatMap(exportsOf)
    .map((entry, position) => ({ ...entry, position }));
}

function exportsOf(file: string): Omit<Exported, 'position'>[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const declarations: Declarations = new Map(
    groupBy(source.statements.flatMap(declarationsIn), ({ name }) => name?.getText() ?? ''),
  );
  // The first of several overloads represents all overloads.
  return [...declarations].flatMap(([name, [declaration]]) =>
    declaration && isExported(declaration)
      ? {
          name,
          file,
          signature: signatureOf(declaration, declarations),
          summary: firstSentence(declaration),
          natives: nativesOf(name, source, declarations),
        }
      : [],
  );
}

function declarationsIn(statement: ts.Statement): Declaration[] {
  if (ts.isVariableStatement(statement)) return [...statement.declarationList.declarations];
  return ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement) ? [statement] : [];
}

function isExported(declaration: Declaration): boolean {
  return (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Export) !== 0;
}

function signatureOf(declaration: Declaration, others: Declarations): Signature | undefined {
  const node = callable(declaration, others);
  if (node === undefined) return undefined;
  const parameters = node.parameters.map(({ dotDotDotToken, name, questionToken }) =>
    [dotDotDotToken, name, questionToken].map((part) => part?.getText() ?? '').join(''),
  );
  return { parameters, result: node.type?.getText() ?? '' };
}

/**
 * The declaration that has the parameters. This is a function, the type or the arrow function of a constant, or the
 * declaration of another function that the constant equals.
 */
function callable(declaration: Declaration, others: Declarations): ts.SignatureDeclaration | undefined {
  if (ts.isFunctionDeclaration(declaration)) return declaration;
  if (!ts.isVariableDeclaration(declaration)) return undefined;
  const { type, initializer } = declaration;
  if (type && ts.isFunctionTypeNode(type)) return type;
  if (initializer && ts.isArrowFunction(initializer)) return initializer;
  const same = type && ts.isTypeQueryNode(type) ? type.exprName : initializer;
  const other = same && ts.isIdentifier(same) ? others.get(same.text)?.[0] : undefined;
  return other && callable(other, others);
}

function firstSentence(declaration: Declaration): string {
  const comment = ts.getJSDocCommentsAndTags(declaration).find(ts.isJSDoc)?.comment;
  const text = ts.getTextOfJSDocComment(comment) ?? '';
  const [paragraph = ''] = text.split(/\n\s*\n/);
  const line = paragraph.replaceAll(/\s+/g, ' ').replaceAll(/\{@link (\w+)[^}]*\}/g, '`$1`');
  return /^.*?[.?!](?= |$)/.exec(line)?.[0] ?? line;
}

/** Finds the calls `native('…')` that a declaration reaches, directly or through other declarations in its file. */
function nativesOf(name: string, source: ts.SourceFile, declarations: Declarations): string[] {
  const reached = new Set([name]);
  const natives = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(source) === 'native') {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) natives.add(argument.text);
    }
    if (ts.isIdentifier(node) && declarations.has(node.text)) reached.add(node.text);
    node.forEachChild(visit);
  };
  for (const next of reached) declarations.get(next)?.forEach(visit);
  return [...natives].sort((a, b) => Number(b === name) - Number(a === name));
}
