import { type PdqProfile, pdqProfiles } from '../../src/model/hash.ts'
import { createPdqReference } from '../../src/scan/pdq.ts'
import type { PdqHasher } from '../../src/scan/pdq-hasher.ts'
import { createPdqKernel } from '../../src/scan/pdq-kernel.ts'
import { type PixelView, viewOfRows } from '../../src/scan/pixel-view.ts'
import type { BenchResult } from '../bench-result.ts'

const goalsMs: Readonly<Record<PdqProfile, number>> = { 'reference-512': 0.6, 'full-resolution': 6 }
/** As many buffers as keep a picture from still being in the cache when its turn comes again. */
const coldPictures = 8

/**
 * Measures the kernel alone on decoded pictures of 3 megapixels (2000 x 1500 RGB): medians, from a buffer that is in the
 * processor's cache, as after decoding, and from one that is not; and what plain TypeScript takes beside it.
 */
export async function measureKernel(): Promise<BenchResult[]> {
  const cold = Array.from({ length: coldPictures }, (_, seed) =>
    viewOfRows(noisyRamp(seed), 'rgb', 2000, 1500),
  )
  const warm = cold.slice(0, 1)
  const kernel = createPdqKernel()
  const reference = createPdqReference()
  return pdqProfiles.flatMap((profile) => {
    const goalMs = goalsMs[profile]
    const value = medianMs(kernel, warm, profile, 400)
    const coldMs = medianMs(kernel, cold, profile, 400)
    const plainMs = medianMs(reference, warm, profile, 5)
    const name = `kernel ${profile}, 3 MP RGB`
    return [
      { name, value, unit: 'ms', goal: `at most ${goalMs}`, met: value <= goalMs },
      { name: `${name}, not in the cache`, value: coldMs, unit: 'ms' },
      { name: `${name}, plain TypeScript over kernel`, value: plainMs / value, unit: 'times' },
    ]
  })
}

function medianMs(hasher: PdqHasher, views: readonly PixelView[], profile: PdqProfile, runs: number): number {
  const times: number[] = []
  for (let run = -Math.ceil(runs / 10); run < runs; run++) {
    const view = views[(run + runs) % views.length]!
    const startedAt = performance.now()
    hasher.hashPixels(view, profile)
    if (run >= 0) times.push(performance.now() - startedAt)
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1]!
}

function noisyRamp(seed: number): Uint8Array {
  let state = seed + 1
  return Uint8Array.from({ length: 2000 * 1500 * 3 }, (_, at) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (at >>> 15) + (state >>> 27)
  })
}
