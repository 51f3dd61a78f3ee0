// A server of the built program that a test starts for itself.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

// Serves a data folder below `folder` with these flags; `{ address, end }`.
export async function serve(folder, flags) {
  const place = ['--data', join(folder, 'data'), '--listen', '127.0.0.1:0', '--log-format', 'json'];
  const child = spawn(process.env.PROGRAM, ['serve', ...flags, ...place], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = createInterface({ input: child.stderr });
  const address = await new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /"address":"([^"]+)"/.exec(line);
      if (found) resolve(found[1]);
    });
    child.on('exit', () => reject(new Error('the server exited before it listened')));
  });
  return { address: `http://${address}`, end: () => child.removeAllListeners('exit').kill() };
}
