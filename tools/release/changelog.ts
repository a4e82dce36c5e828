/** Reads and dates the change log, whose format is that of Keep a Changelog. */

const UNRELEASED = /^## \[Unreleased\]\n(?<entries>.*?)(?=^## |(?![^]))/ms;

/** The entries under `[Unreleased]`, without the headings of their groups; empty if there are none. */
export function entriesOf(changelog: string): string {
  const entries = UNRELEASED.exec(changelog)?.groups?.['entries'] ?? '';
  return entries.replaceAll(/^### .*$/gm, '').trim();
}

/** Moves the entries under `[Unreleased]` to a heading with the version and the date. */
export function dated(changelog: string, version: string, date: Date): string {
  const heading = `## [${version}] - ${date.toISOString().slice(0, 10)}`;
  return changelog.replace(UNRELEASED, (_, entries: string) => `## [Unreleased]\n\n${heading}\n${entries}`);
}
