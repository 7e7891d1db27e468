/*
 * The entry of a decoder process without a boundary: it keeps every image that it is sent, and hashes them all, with
 * nobody to wait for, when it is sent one of no bytes.
 */
import { createImageHasher } from '../../src/scan/hash-image.ts'
import { parseProcessLimits, serveImages } from '../../src/scan/serve-images.ts'

const hashImage = createImageHasher(parseProcessLimits(process.argv))
const images: Buffer[] = []

serveImages(async (bytes, plan) => {
  const startedAt = performance.now()
  if (bytes.length > 0) images.push(Buffer.from(bytes))
  else for (const image of images) await hashImage(image, plan)
  return { kind: 'unscannable', reason: 'empty', decodeMs: performance.now() - startedAt, hashMs: 0 }
})
