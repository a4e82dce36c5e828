/** Starts SOCKS servers: microsocks (5), dante (4 and 5), and `ssh -D` (4, 4a and 5). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { requireProgram } from './packages.js';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';

/** Starts microsocks, for everybody or for one user. */
export function startMicrosocks(user?: { readonly name: string; readonly password: string }): Promise<RunningServer> {
  const command = requireProgram('microsocks');
  return withFreePorts(1, async (ports) => {
    const [port] = ports as [number];
    const scratch = scratchDirectory('microsocks');
    const log = path.join(scratch, 'output.log');
    const credentials = user ? ['-u', user.name, '-P', user.password] : [];
    const args = ['-i', '127.0.0.1', '-p', String(port), ...credentials];
    const child = await startProgram({ command, args, ports, log, scratch });
    return { port, pid: child.pid, stop: () => child.stop() };
  });
}

/** Starts dante without authentication. dante treats SOCKS 4a like SOCKS 4. */
export function startDante(): Promise<RunningServer> {
  const command = requireProgram('danted');
  return withFreePorts(1, async (ports) => {
    const [port] = ports as [number];
    const scratch = scratchDirectory('dante');
    const config = path.join(scratch, 'danted.conf');
    const log = path.join(scratch, 'output.log');
    writeFileSync(
      config,
      `
logoutput: stderr
internal: 127.0.0.1 port = ${port}
external: 127.0.0.1
clientmethod: none
socksmethod: none
${process.getuid?.() === 0 ? 'user.privileged: root\nuser.unprivileged: nobody' : ''}
client pass { from: 127.0.0.0/8 to: 127.0.0.0/8 }
socks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 protocol: tcp }
`,
    );
    const args = ['-f', config, '-p', path.join(scratch, 'danted.pid')];
    const child = await startProgram({ command, args, ports, log, scratch });
    return { port, pid: child.pid, stop: () => child.stop() };
  });
}

/** Starts `ssh -D` and the sshd that it needs. */
export async function startSsh(): Promise<RunningServer> {
  const [sshd, ssh] = [requireProgram('sshd'), requireProgram('ssh')];
  return withFreePorts(2, async (ports) => {
    const [port, sshPort] = ports as [number, number];
    const scratch = scratchDirectory('ssh');
    const [hostKey, userKey] = [path.join(scratch, 'host'), path.join(scratch, 'user')];
    const log = path.join(scratch, 'output.log');
    for (const key of [hostKey, userKey]) execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    const config = path.join(scratch, 'sshd.conf');
    writeFileSync(
      config,
      `
ListenAddress 127.0.0.1:${sshPort}
HostKey ${hostKey}
AuthorizedKeysFile ${userKey}.pub
PidFile none
PermitRootLogin yes
StrictModes no
UsePAM no
`,
    );
    // Before a login, sshd confines the process of the connection to this folder. If root starts sshd and the folder is
    // missing, sshd does not start.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const server = await startProgram({ command: sshd, args: ['-D', '-e', '-f', config], ports: [sshPort], log });
    try {
      const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'BatchMode=yes', 'LogLevel=ERROR'];
      const client = await startProgram({
        command: ssh,
        args: [
          ...['-N', '-F', 'none', '-i', userKey, '-p', String(sshPort), '-D', `127.0.0.1:${port}`],
          ...options.flatMap((option) => ['-o', option]),
          `${userInfo().username}@127.0.0.1`,
        ],
        ports: [port],
        log,
        scratch,
      });
      const stop = async (): Promise<void> => {
        await client.stop();
        await server.stop();
      };
      return { port, pid: client.pid, stop };
    } catch (error) {
      await server.stop();
      throw error;
    }
  });
}
