/** The command `info`. */
import { features, versions } from '../index.js';
import type { Command } from './command.js';

export const info: Command = {
  name: 'info',
  arguments: '',
  summary: 'show the versions of this package, of neon and of its TLS library, and the features of this neon',
  examples: ['libneon info', 'libneon info --json'],
  isLocal: true,
  run: ({ output }) => {
    const { functions, ...switches } = features;
    const { libneon, neon, tls, napi } = versions;
    const { node } = process.versions;
    output.document({ versions: { libneon, neon, tls, node, napi }, features: { ...switches, functions } });
    const names = (of: Readonly<Record<string, boolean>>, isOn: boolean): string =>
      Object.keys(of)
        .filter((name) => of[name] === isOn)
        .join(', ') || '-';
    if (!output.isJson)
      output.item(
        null,
        `libneon: ${libneon}`,
        `neon: ${neon}`,
        `TLS library: ${tls ?? 'none'}`,
        `Node: ${node}`,
        `Node-API: ${napi}`,
        `features: ${names(switches, true)}`,
        `without: ${names(switches, false)}`,
        `functions that this neon lacks: ${names(functions, false)}`,
      );
    return Promise.resolve();
  },
};
