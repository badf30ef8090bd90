// The files in a folder, and in the folders within.
import { opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileError } from './errors.js';
import { nextTurn, turnIsOver } from './turn.js';

/** Whether a name within a folder is left out, as that of a file which programs keep for themselves. */
export function isHidden(name: string): boolean {
  return name.startsWith('__MACOSX/') || /(?:^|\/)\./.test(name);
}

/**
 * Their names within the folder, with slashes, in no order. Links are followed, though not in circles; pipes and devices are none.
 *
 * @throws ERR_W2V_FILE_READ, ERR_W2V_FILE_NOT_FOUND: also for a folder within or a link that cannot be followed
 */
export async function filesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  const linked = new Set<string>();
  const walk = async (inside: string) => {
    for await (const entry of await opendir(path.join(folder, inside), { bufferSize: 256 })) {
      const name = inside + entry.name;
      if (isHidden(name)) continue;
      const target = entry.isSymbolicLink() ? await realpath(path.join(folder, name)) : undefined;
      const found = target === undefined ? entry : await stat(target);
      if (found.isDirectory() && (target === undefined || !linked.has(target))) {
        if (target !== undefined) linked.add(target);
        await walk(`${name}/`);
      } else if (found.isFile()) names.push(name);
      if (turnIsOver()) await nextTurn();
    }
  };
  try {
    linked.add(await realpath(folder));
    await walk('');
  } catch (error) {
    throw fileError('read', (error as NodeJS.ErrnoException).path ?? folder, error);
  }
  return names;
}
