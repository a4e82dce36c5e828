/** Lists scenarios for strings and digests, whose twins need no server. */
import path from 'node:path';
import { projectRoot } from '../servers/start.js';
import type { NamedScenario } from './scenario.js';

const server = { connections: [] };
const files = ['package-lock.json', 'LICENSE', 'test/oracle/twin.h'].map((name) => path.join(projectRoot, name));

const lists = ['', ',', 'a,b,,c', 'a;"b;c";\'d;\'', 'one;"open', '"', ' "x padded\t', 'x'];
const bytes = [
  'a\tb\r\n\x01\x7f',
  'ä€\u{1f600}',
  'Content-Type',
  'content-type',
  '£ and € rates',
  '\'()*%;= \\"',
  '~!#$&+-.^_`|',
];
const encoded = ['Zg==', 'Zm9vYmFy', 'Zm9v\n', 'Zg=a', '====', 'QUJD'.repeat(300), '8J+YgA=='];
const numbers = ['0', 'ff', 'FFx', '0x1', '-1', '+1', ' 1', 'g', '1fffffffffffff', 'fffffffffffffffff'];

export const digests: readonly NamedScenario[] = [
  { twin: 'strings', about: 'lists', args: lists, server },
  { twin: 'strings', about: 'special bytes', args: bytes, server },
  { twin: 'strings', about: 'base64 and invalid input', args: encoded, server },
  { twin: 'strings', about: 'numbers', args: numbers, server },
  { twin: 'strings', about: 'a long text', args: ['0123456789 €,'.repeat(1000)], server },
  { twin: 'md5', about: 'files, an empty file and a folder', args: [...files, '/dev/null', projectRoot], server },
];
