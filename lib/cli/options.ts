/** The options that commands share. */
import { Option } from 'commander';

import { header, positiveInteger, seconds } from './parse.js';

/** The option of the commands that change a resource. */
export const lockToken = new Option('--lock-token <token>', 'submit the token of a lock of an earlier command');

/** The options of every command that uses a server. */
export const connectionOptions: readonly Option[] = [
  new Option('--url <url>', 'the collection to which paths are relative (LIBNEON_URL)'),
  new Option('--user <name>', 'the user name (LIBNEON_USER)'),
  new Option('--netrc-file <file>', 'read credentials from this file instead of ~/.netrc (NETRC)'),
  new Option('--no-netrc', 'read no credentials from ~/.netrc'),
  new Option('--cacert <file>', 'trust the authorities in this PEM file, too'),
  new Option('--insecure', 'accept any certificate of the server'),
  new Option('--proxy <url>', 'use this proxy: http://, socks4://, socks4a:// or socks5:// (http_proxy, https_proxy)'),
  new Option('--no-proxy', 'use no proxy, whatever the environment says'),
  new Option('--timeout <seconds>', 'how long to wait for a connection, and for each part of a response').argParser(
    seconds,
  ),
  new Option('--header <header>', "send this header, 'Name: value', with each request; may be repeated").argParser(
    header,
  ),
  new Option('--connections <number>', 'how many connections to use at most (8)').argParser(positiveInteger),
];

/** The options of every command. */
export const outputOptions: readonly Option[] = [
  new Option('--json', 'print one JSON document, and failures as lines of JSON'),
  new Option('-q, --quiet', 'print only what was asked for, and failures'),
  new Option('--no-progress', 'show no progress on a terminal'),
];
