import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Builds the WebAssembly kernels from `src/kernels/assembly`: `node scripts/kernels.ts` writes `src/kernels/pdq.wasm`, and
 * with `--check` fails when a rebuild gives other bytes. The compiler, pinned in `src/kernels`, is fetched when missing.
 */
const folder = join(import.meta.dirname, '../src/kernels')
const compiler = join(folder, 'node_modules/assemblyscript/bin/asc.js')
/** No runtime (nothing is allocated), no assertions, and never relaxed SIMD: results must be the same on every machine. */
const flags = [
  '--runtime',
  'stub',
  '--enable',
  'simd',
  '-O3',
  '--noAssert',
  '--use',
  'abort=',
  '--initialMemory',
  '1',
]

const isCheck = process.argv.includes('--check')
const committed = join(folder, 'pdq.wasm')
if (isCheck) {
  const temporary = mkdtempSync(join(tmpdir(), 'harrier-kernels-'))
  try {
    const rebuilt = join(temporary, 'pdq.wasm')
    build(rebuilt)
    if (!existsSync(committed) || !readFileSync(rebuilt).equals(readFileSync(committed))) {
      throw new Error('src/kernels/pdq.wasm is not what its sources give; run: node scripts/kernels.ts')
    }
  } finally {
    rmSync(temporary, { recursive: true })
  }
} else {
  build(committed)
  process.stdout.write(`src/kernels/pdq.wasm: ${readFileSync(committed).length} bytes\n`)
}

function build(outFile: string): void {
  if (!existsSync(compiler)) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], { stdio: 'inherit' })
  }
  execFileSync(process.execPath, [compiler, 'assembly/pdq.ts', '--outFile', outFile, ...flags], {
    cwd: folder,
    stdio: 'inherit',
  })
}
