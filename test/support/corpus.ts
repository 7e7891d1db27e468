import sharp from 'sharp'
import { drawLandscape, drawPattern, type PictureSize, recompress } from './images.ts'

/** How much brightness differs from pixel to pixel, as a camera's sensor makes it; photographs then take 1 to 2 bits a pixel. */
const grain = 5

/**
 * Draws files as people post them: of each size `perSize` distinct ones, landscapes and a pattern with the grain of a
 * camera, as JPEG of quality 80 to 92 (about 1.4 bits a pixel, as photographs have), every eighth of them progressive, but
 * for one PNG and one WebP. The same arguments give the same files.
 */
export async function drawCorpus(sizes: readonly PictureSize[], perSize: number): Promise<Buffer[]> {
  const files: Buffer[] = []
  for (const [at, size] of sizes.entries()) {
    const seed = at * 10
    const drawn = await Promise.all([
      drawLandscape(seed + 1, size).then(withGrain),
      drawLandscape(seed + 2, size).then(withGrain),
      drawPattern(seed + 3, size).then(withGrain),
    ])
    files.push(await sharp(drawn[0]).png().toBuffer(), await sharp(drawn[1]).webp({ quality: 80 }).toBuffer())
    for (let i = 2; i < perSize; i++) {
      // Past the thirteen qualities, the edges are cut a little, so that every file stays another one.
      const cut = Math.floor(i / 39) * 8
      const { width, height } = size
      const part = await sharp(drawn[i % 3])
        .extract({ left: cut, top: 0, width: width - cut, height })
        .toBuffer()
      const quality = 80 + (i % 13)
      const isProgressive = i % 8 === 7
      files.push(
        isProgressive
          ? await sharp(part).jpeg({ quality, progressive: true }).toBuffer()
          : await recompress(part, quality),
      )
    }
  }
  return files
}

/** Adds noise to the brightness of each pixel: the sum of four draws, by a small generator, so that it is the same each time. */
async function withGrain(picture: Buffer): Promise<Buffer> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  let state = 0x2545f491
  for (let at = 0; at < data.length; at += 3) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const sum = (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24) - 510
    const noise = Math.round((sum * grain) / 148)
    for (let channel = 0; channel < 3; channel++) {
      data[at + channel] = Math.min(255, Math.max(0, (data[at + channel] as number) + noise))
    }
  }
  const { width, height } = info
  return await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 1 })
    .toBuffer()
}
