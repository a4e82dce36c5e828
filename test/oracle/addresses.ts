/** Implements the twin of addresses.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText, type Io } from './twin.js';

runMain(async (io, _port, queries) => {
  for (const query of queries) {
    const [, kind, text] = /^(\w+) (.*)$/.exec(query) as unknown as [string, string, string];
    if (kind === '4') parse(text, ne.ne_iaddr_ipv4);
    else if (kind === '6') parse(text, ne.ne_iaddr_ipv6);
    else if (kind === 'reverse') await reverse(io, text);
    else await resolve(io, text, kind === 'canon' ? ne.NE_ADDR_CANON : 0);
  }
});

function printAddress(address: ne.ne_inet_addr): void {
  const raw = [...ne.ne_iaddr_raw(address)].map((byte) => byte.toString(16).padStart(2, '0'));
  console.log(`${ne.ne_iaddr_print(address)} type ${ne.ne_iaddr_typeof(address)} ${raw.join(' ')}`);
}

function parse(text: string, type: number): void {
  const address = ne.ne_iaddr_parse(text, type);
  if (address === null) return printText('no address', text);
  const localhost = ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;
  printAddress(address);
  printNumber('localhost', Number(ne.ne_iaddr_cmp(address, localhost) === 0));
}

async function resolve(io: Io, name: string, flags: number): Promise<void> {
  const answer = await io.ne_addr_resolve(name, flags);
  printNumber('result', ne.ne_addr_result(answer));
  printText('error', ne.ne_addr_error(answer));
  if (ne.ne_addr_result(answer) === 0) {
    printText('canonical', ne.ne_addr_canonical(answer));
    for (let at: ne.ne_inet_addr | null = ne.ne_addr_first(answer); at; at = ne.ne_addr_next(answer)) printAddress(at);
  }
  ne.ne_addr_destroy(answer);
}

async function reverse(io: Io, text: string): Promise<void> {
  const name = { value: '' };
  printNumber('reverse', await io.ne_iaddr_reverse(ne.ne_iaddr_parse(text, ne.ne_iaddr_ipv4)!, name));
  printText('name', name.value);
}
