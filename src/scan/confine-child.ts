import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How the decoder's process is started: flags for Node and the whole of its environment. */
export type ConfinedProcess = { readonly execArgv: readonly string[]; readonly env: Record<string, string> }

/** JavaScript heap of a child, in MiB. Pixels live outside it and are bounded by the pool's memory limit. */
const heapMib = 128

/**
 * Returns flags and environment that leave a child what decoding needs: to read our sources and the installed packages,
 * and to load sharp's native library. Refused by Node's permission model: writing any file, reading any other, starting
 * processes or workers. The environment holds nothing of the service's, so no secrets.
 *
 * @NOTE The permission model binds JavaScript, not native code, and Node 24 has no flag against the network. A decoder
 * that is taken over entirely is stopped by the container (see docs/OPERATING.md), not here.
 */
export function confinedProcess(): ConfinedProcess {
  const sources = dirname(import.meta.dirname)
  const modules = modulesFolderOf(fileURLToPath(import.meta.resolve('sharp')))
  const readable = [join(sources, '/'), modules, join(dirname(sources), 'package.json')]
  return {
    execArgv: [
      '--permission',
      '--allow-addons',
      '--disable-warning=PERM0001',
      ...readable.map((path) => `--allow-fs-read=${path}`),
      `--max-old-space-size=${heapMib}`,
    ],
    // One malloc arena and two pool threads: a child decodes one image at a time, and its memory goes back when it is done.
    env: { MALLOC_ARENA_MAX: '1', UV_THREADPOOL_SIZE: '2' },
  }
}

/** The `node_modules` folder, with its final separator, that a file is installed under. */
function modulesFolderOf(path: string): string {
  const folder = join('/', 'node_modules', '/')
  return path.slice(0, path.indexOf(folder) + folder.length)
}
