/*
 * The entry of a decoder process: takes images from the pool, answers with their hashes. Started only by `hash-child.ts`,
 * under the flags of `confine-child.ts`; it holds no secrets and dies with its parent.
 */
import { createImageHasher } from './hash-image.ts'
import { parseProcessLimits, serveImages } from './serve-images.ts'

serveImages(createImageHasher(parseProcessLimits(process.argv)))
