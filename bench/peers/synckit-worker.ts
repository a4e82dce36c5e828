/** Fetches a URL in the worker of the peer synckit. */
import { runAsWorker } from 'synckit';

/** A status and a whole body. */
export interface Fetched {
  readonly status: number;
  readonly bytes: Uint8Array;
}

runAsWorker(async (url: string): Promise<Fetched> => {
  const response = await fetch(url);
  return { status: response.status, bytes: new Uint8Array(await response.arrayBuffer()) };
});
