import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Builds the WebAssembly kernels from `src/kernels/assembly`: `node scripts/kernels.ts` writes `src/kernels/*.wasm`, and with
 * `--check` fails when a rebuild gives other bytes. The compiler, pinned in `src/kernels`, is fetched when missing.
 */
const folder = join(import.meta.dirname, '../src/kernels')
const compiler = join(folder, 'node_modules/assemblyscript/bin/asc.js')
/** No runtime (nothing is allocated), no assertions, and never relaxed SIMD: results must be the same on every machine. */
const flags = ['--runtime', 'stub', '-O3', '--noAssert', '--use', 'abort=']
/** Each kernel with the flags of its own. The index's memory is shared by threads and belongs to who made it. */
const shared = ['--enable', 'simd,threads', '--importMemory', '--sharedMemory', '--maximumMemory', '65536']
const kernels: Readonly<Record<string, readonly string[]>> = {
  pdq: ['--enable', 'simd', '--initialMemory', '1'],
  hamming: shared,
  'hamming-plain': shared,
}

const isCheck = process.argv.includes('--check')
const outFolder = isCheck ? mkdtempSync(join(tmpdir(), 'harrier-kernels-')) : folder
try {
  for (const [name, ownFlags] of Object.entries(kernels)) {
    const committed = join(folder, `${name}.wasm`)
    const built = join(outFolder, `${name}.wasm`)
    build(name, built, ownFlags)
    if (!isCheck) {
      process.stdout.write(`src/kernels/${name}.wasm: ${readFileSync(built).length} bytes\n`)
    } else if (!existsSync(committed) || !readFileSync(built).equals(readFileSync(committed))) {
      throw new Error(`src/kernels/${name}.wasm is not what its sources give; run: node scripts/kernels.ts`)
    }
  }
} finally {
  if (isCheck) rmSync(outFolder, { recursive: true })
}

function build(name: string, outFile: string, ownFlags: readonly string[]): void {
  if (!existsSync(compiler)) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], { stdio: 'inherit' })
  }
  execFileSync(
    process.execPath,
    [compiler, `assembly/${name}.ts`, '--outFile', outFile, ...flags, ...ownFlags],
    {
      cwd: folder,
      stdio: 'inherit',
    },
  )
}
