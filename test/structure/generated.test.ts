/** Tests that no generated file is stale. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../servers/start.js';
import { describeWith } from '../servers/packages.js';

describeWith('gcc', 'npm run generate', () => {
  // The check runs in another process, because Jest cannot load Prettier.
  test('leaves every file as it is', () => {
    const script = path.join(projectRoot, 'dist/tools/generate/index.js');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  }, 180_000);
});
