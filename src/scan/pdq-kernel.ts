import type { Turn } from '../model/hash.ts'
import { noHash } from './pdq.ts'
import { dctBasis } from './pdq-dct.ts'
import type { PdqHasher, PdqResult } from './pdq-hasher.ts'
import { type Grid, gridOf, planStaging, rowsAtOnce } from './pdq-staging.ts'
import { forEachTurn } from './pdq-turns.ts'
import { instantiatePdq, type PdqWasm } from './pdq-wasm.ts'
import type { PixelLayout } from './pixel-view.ts'

/** The kernel's numbers for what a staged pixel is. */
const layoutNumbers: Readonly<Record<PixelLayout | 'luma', number>> = {
  grey: 0,
  rgb: 1,
  rgbx: 1,
  cmyk: 2,
  luma: 3,
  'rgba-on-white': 4,
  'rgba-on-black': 5,
}
/** The rules of `pdq-turns.ts`, as the kernel takes them: transposed, even rows negated, even columns negated. */
const turnFlags: Readonly<Record<Turn, readonly [number, number, number]>> = {
  'rotate-90': [1, 0, 1],
  'rotate-180': [0, 1, 1],
  'rotate-270': [1, 1, 0],
  'flip-x': [0, 1, 0],
  'flip-y': [0, 0, 1],
  'flip-plus-1': [1, 0, 0],
  'flip-minus-1': [1, 1, 1],
}
const minSide = 5
/** Pictures of exactly this side are hashed without the blur. */
const plainSide = 64
const nothing: PdqResult = { value: noHash, quality: 0, turned: () => forEachTurn(() => noHash) }

/** Returns the fast hasher: WebAssembly with an instance, and so a memory, of its own. */
export function createPdqKernel(): PdqHasher {
  const wasm = instantiatePdq()
  floatsAt(wasm, wasm.cosinesAt(), 64 * 16).set(transposedBasis())

  return {
    hashPixels: (pixels, profile) => hashGrid(wasm, gridOf(pixels, profile), layoutNumbers[pixels.layout]),
    hashLuma(luma, rows, columns) {
      const data = new Uint8Array(luma.buffer, luma.byteOffset, luma.byteLength)
      const size = { width: columns, height: rows, columns, rows }
      const steps = { offset: 0, xStep: 4, yStep: columns * 4, bytesPerPixel: 4 }
      return hashGrid(wasm, { data, ...size, ...steps }, layoutNumbers.luma)
    },
  }
}

function hashGrid(wasm: PdqWasm, grid: Grid, layout: number): PdqResult {
  const { rows, columns } = grid
  if (rows < minSide || columns < minSide) return nothing
  const staging = planStaging(grid)
  const { fetch, columnStep, rowStep, stagedBytes } = staging
  wasm.begin(columns, rows, layout, fetch, columnStep, rowStep, stagedBytes)
  const { buffer } = wasm.memory
  staging.writeOffsets(new Uint32Array(buffer, wasm.offsetsAt(), columns))
  const staged = new Uint8Array(buffer, wasm.stagedAt(), stagedBytes)
  const rowStarts = new Uint32Array(buffer, wasm.rowStartsAt(), rowsAtOnce)
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const live = Math.min(rowsAtOnce, rows - row)
    wasm.push(live, staging.stage(staged, rowStarts, row, live))
  }
  const blurredQuality = wasm.finish()
  const dct = floatsAt(wasm, wasm.dctAt(), 256).slice()
  const quality = rows === plainSide && columns === plainSide ? wasm.finishPlain() : blurredQuality
  return { value: hashOf(wasm), quality, turned: () => hashTurned(wasm, dct) }
}

/** The instance may have hashed other pictures since, so the transform is put back first. */
function hashTurned(wasm: PdqWasm, dct: Float32Array): Readonly<Record<Turn, string>> {
  floatsAt(wasm, wasm.dctAt(), 256).set(dct)
  return forEachTurn((turn) => {
    wasm.finishTurned(...turnFlags[turn])
    return hashOf(wasm)
  })
}

function hashOf(wasm: PdqWasm): string {
  return Buffer.from(wasm.memory.buffer, wasm.hashAt(), 32).toString('hex')
}

function floatsAt(wasm: PdqWasm, at: number, length: number): Float32Array {
  return new Float32Array(wasm.memory.buffer, at, length)
}

/** The cosines with frequencies side by side, which is how the kernel's vectors run. */
function transposedBasis(): Float32Array {
  const basis = dctBasis()
  return Float32Array.from({ length: basis.length }, (_, at) => basis[(at % 16) * 64 + Math.floor(at / 16)]!)
}
