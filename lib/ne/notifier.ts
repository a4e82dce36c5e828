import { native } from '../native.js';
import type { ne_inet_addr, ne_session } from './handles.js';
import type { Nothing } from './hooks.js';

/** What goes with an event: one of these, by its C name; empty for an event that is not known. */
export interface ne_session_status_info {
  /** `ne_status_lookup` */
  lu?: { hostname: string };
  /** `ne_status_connecting`; the address is a copy of its own */
  ci?: { hostname: string | null; address: ne_inet_addr | null };
  /** `ne_status_connected`, `ne_status_disconnected` */
  cd?: { hostname: string | null };
  /** `ne_status_sending`, `ne_status_recving`: bytes so far, and in all, or -1 when that is not known */
  sr?: { progress: number; total: number };
  /** `ne_status_handshake` */
  hs?: { protocol: number; ciphersuite: string | null };
}

/** Told of each event of a session: `ne_status_*`. More may come with newer versions: ignore what is not known. */
export type ne_notify_status = (status: number, info: ne_session_status_info) => Nothing;

/** Told of progress, of requests and responses alike: bytes so far, and in all, or -1 when that is not known. */
export type ne_progress = (progress: number, total: number) => Nothing;

/** Sets who is told of the session's events, instead of whoever was (by ne_set_progress, too); null is nobody. */
export const ne_set_notifier: (sess: ne_session, status: ne_notify_status | null) => void = native('ne_set_notifier');

/** Sets who is told of progress, instead of any notifier; null is nobody. Deprecated by neon. */
export const ne_set_progress: (sess: ne_session, progress: ne_progress | null) => void = native('ne_set_progress');
