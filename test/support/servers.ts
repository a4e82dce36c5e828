/** Scripted servers that are stopped after each test, and scripts that many tests use. */
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import { rawServer, response, type RawServer, type RawServerOptions, type Step } from '../servers/raw.js';

/** Returns a function that starts a scripted server for the running test. */
export function testServers(): (options: RawServerOptions) => Promise<RawServer> {
  const running: RawServer[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
  });
  return async (options) => {
    const server = await rawServer(options);
    running.push(server);
    return server;
  };
}

/** A session with a server on loopback. */
export function sessionWith({ port }: { port: number }): ne.ne_session {
  return ne.ne_session_create('http', '127.0.0.1', port);
}

/** A session of the classes with a server on loopback. */
export function openSession({ port }: { port: number }): Session {
  return new Session('http', '127.0.0.1', port);
}

/** Reads a request and answers it. */
export function exchange(answer: string | Uint8Array = response('hello')): Step[] {
  return [{ read: 'request' }, { send: answer }];
}

/** Answers every request on the connection with the same response. */
export function keepAlive(answer?: string | Uint8Array): Step[] {
  return [{ repeat: 'forever', steps: exchange(answer) }];
}

/** Answers every request on every connection with the same response. */
export function answering(answer?: string | Uint8Array): RawServerOptions {
  return { connections: [keepAlive(answer)], rest: 'repeat-last' };
}

/** Reads a request, sends `start` if it is given, and then sends nothing more. */
export function stalling(start?: string | Uint8Array): Step[] {
  return [{ read: 'request' }, ...(start === undefined ? [] : [{ send: start }]), { hang: 'reading' }];
}

/** Reads a request, and answers it with a body that never ends. */
export function endless(): Step[] {
  return [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 65_536 }];
}

/** Plays the given scripts on the first connections. On later connections, answers every request with `hello`. */
export function thenAnswering(...connections: (readonly Step[])[]): RawServerOptions {
  return { connections: [...connections, keepAlive()], rest: 'repeat-last' };
}

/** The text of all bytes that the server received on each connection. */
export async function receivedBy(server: RawServer): Promise<string[]> {
  return (await server.connections()).map(({ received }) => received.toString());
}
