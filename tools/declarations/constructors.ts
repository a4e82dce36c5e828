/** Declares that only the library constructs some of its classes, in the compiled declaration files. */
import ts from 'typescript';

/**
 * Adds `private constructor();` to the classes of a declaration file whose constructors are internal in the source.
 * `stripInternal` removes these constructors from the declarations. Without any constructor, TypeScript would accept
 * `new` without arguments. Abstract classes stay as they are, because `new` cannot make them anyway.
 */
export function constructorsHidden(declarations: string, source: string): string {
  const hidden = new Set(classesIn(source).filter(hasInternalConstructor).map(nameOf));
  const ends = classesIn(declarations)
    .filter((declared) => hidden.has(nameOf(declared)) && !declared.members.some(ts.isConstructorDeclaration))
    .map(({ members }) => members.pos);
  // Edits the last class first, so that the positions of the other classes stay valid.
  return ends.reduceRight(
    (text, end) => `${text.slice(0, end)}\n    private constructor();${text.slice(end)}`,
    declarations,
  );
}

function classesIn(text: string): readonly ts.ClassDeclaration[] {
  return ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true).statements.filter(ts.isClassDeclaration);
}

const nameOf = ({ name }: ts.ClassDeclaration): string => name?.text ?? '';

function hasInternalConstructor({ members, modifiers }: ts.ClassDeclaration): boolean {
  if (modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AbstractKeyword)) return false;
  return members
    .filter(ts.isConstructorDeclaration)
    .some((made) => ts.getJSDocTags(made).some(({ tagName }) => tagName.text === 'internal'));
}
