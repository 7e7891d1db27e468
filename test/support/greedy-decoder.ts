/*
 * An entry like `src/scan/hash-process.ts`, for a test: a decoder whose header said less than decoding takes. Bytes that
 * begin with `greedy` make it hold 1 GiB more; every other image is hashed as ever.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { createImageHasher } from '../../src/scan/hash-image.ts'
import { parseProcessLimits, serveImages } from '../../src/scan/serve-images.ts'

const hashImage = createImageHasher(parseProcessLimits(process.argv))
const held: Buffer[] = []

serveImages(async (bytes, plan) => {
  if (!Buffer.from(bytes).toString('latin1', 0, 6).startsWith('greedy')) return await hashImage(bytes, plan)
  for (let count = 0; count < 64; count++) {
    held.push(Buffer.alloc(16 * 2 ** 20, 1))
    await sleep(2)
  }
  return await hashImage(bytes, plan)
})
