import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How the decoder's process is started: flags for Node and the whole of its environment. */
export type ConfinedProcess = { readonly execArgv: readonly string[]; readonly env: Record<string, string> }

/** JavaScript heap of a child, in MiB. Pixels live outside it and are bounded by the pool's memory limit. */
const heapMib = 128
/** The young part of that heap, in MiB: left alone, it grows to hundreds under many small images. */
const youngHeapMib = 4

/**
 * Returns flags and environment that leave a child what decoding needs: to read our sources, its entry and the installed
 * packages, and to load sharp's native library. Refused by Node's permission model: writing any file, reading any other, starting
 * processes or workers. The environment holds nothing of the service's, so no secrets.
 *
 * @NOTE The permission model binds JavaScript, not native code, and Node 24 has no flag against the network. A decoder
 * that is taken over entirely is stopped by the container (see docs/OPERATING.md), not here.
 */
export function confinedProcess(entry?: string): ConfinedProcess {
  const sources = dirname(import.meta.dirname)
  const modules = modulesFolderOf(fileURLToPath(import.meta.resolve('sharp')))
  const readable = [join(sources, '/'), modules, join(dirname(sources), 'package.json')]
  if (entry !== undefined) readable.push(entry)
  return {
    execArgv: [
      '--permission',
      '--allow-addons',
      '--disable-warning=PERM0001',
      ...readable.map((path) => `--allow-fs-read=${path}`),
      `--max-old-space-size=${heapMib}`,
      `--max-semi-space-size=${youngHeapMib}`,
    ],
    env: {
      // One malloc arena and two pool threads: a child decodes one image at a time.
      MALLOC_ARENA_MAX: '1',
      UV_THREADPOOL_SIZE: '2',
      // Memory of this size and less is kept for the next image. Given back and fetched anew, its pages cost PNG and WebP
      // a quarter of their time.
      MALLOC_MMAP_THRESHOLD_: String(32 * 2 ** 20),
      MALLOC_TRIM_THRESHOLD_: String(64 * 2 ** 20),
    },
  }
}

/** The `node_modules` folder, with its final separator, that a file is installed under. */
function modulesFolderOf(path: string): string {
  const folder = join('/', 'node_modules', '/')
  return path.slice(0, path.indexOf(folder) + folder.length)
}
