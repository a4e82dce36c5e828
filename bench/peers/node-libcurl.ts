/** Implements the peer node-libcurl, which takes part only where it is installed. */
import { check, checkBytes } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { versionOfPackage } from '../versions.js';

/** The part of node-libcurl's types that the benchmark uses. */
interface NodeLibcurl {
  readonly curly: { get(url: string, options: object): Promise<{ statusCode: number; data: Buffer }> };
  readonly Easy: new () => {
    setOpt(name: string, value: unknown): number;
    getInfo(name: string): { data: number };
    perform(): number;
    close(): void;
  };
}

/** libcurl as an addon. Its promises share one set of connections. */
export const nodeLibcurl: ScriptPeer = {
  name: 'node-libcurl',
  calls: {
    get: 'await curly.get, { curlyResponseBodyParser: false }',
    blocking: 'easy.perform() of one Easy, which collects the body',
    downloadBytes: 'await curly.get, { curlyResponseBodyParser: false }',
    start: "require('node-libcurl')",
  },
  version: () => versionOfPackage('node-libcurl'),
  async open(target) {
    const name: string = 'node-libcurl'; // a variable, because the compiler cannot find the types of the package
    const { curly, Easy } = (await import(name)) as NodeLibcurl;
    const url = target.origin + target.path;
    const options = { curlyResponseBodyParser: false, ...(target.ca !== undefined && { CAINFO: target.ca }) };
    const easy = new Easy();
    let blocks: Buffer[] = [];
    easy.setOpt('URL', url);
    easy.setOpt('WRITEFUNCTION', (block: Buffer) => {
      blocks.push(block);
      return block.length;
    });
    return {
      async get() {
        const { statusCode, data } = await curly.get(url, options);
        check(target, statusCode, data.length);
      },
      blocking() {
        blocks = [];
        const code = easy.perform();
        if (code !== 0) throw new Error(`libcurl failed with code ${code}`);
        check(target, easy.getInfo('RESPONSE_CODE').data, Buffer.concat(blocks).length);
        return undefined;
      },
      async downloadBytes() {
        const { statusCode, data } = await curly.get(url, options);
        checkBytes(target, statusCode, data);
      },
      close: () => easy.close(),
    };
  },
};
