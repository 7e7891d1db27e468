import sharp from 'sharp'

/** The size of a drawn picture, in pixels. */
export type PictureSize = { readonly width: number; readonly height: number }

const defaultSize: PictureSize = { width: 960, height: 640 }

/**
 * Draws a landscape (sky, clouds, sun, four ridges, a lake) as PNG. The same seed and size give the same pixels on every
 * machine; other seeds give pictures that a person would call different (PDQ quality 90 or more, over 60 bits apart).
 */
export async function drawLandscape(seed: number, size: PictureSize = defaultSize): Promise<Buffer> {
  return await encodePng(paintLandscape(seed, size), size)
}

/** Draws a pattern of soft blobs and stripes as PNG: high contrast, no horizon; deterministic like a landscape. */
export async function drawPattern(seed: number, size: PictureSize = defaultSize): Promise<Buffer> {
  const blobs = noise2d(seed)
  const { width, height } = size
  const pixels = new Uint8Array(width * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const u = (x / width) * 6
      const v = (y / height) * 6
      const warp = fractal(blobs, u, v, 3)
      const stripe = Math.abs(((u + v * 0.6 + warp * 4) % 1) - 0.5) * 2
      pixels[at++] = byte(255 * warp)
      pixels[at++] = byte(230 * stripe)
      pixels[at++] = byte(255 * (1 - warp) * stripe + 20)
    }
  }
  return await encodePng(pixels, size)
}

/** Returns the picture as JPEG of a quality, 1 to 100, as an app would recompress it. */
export async function recompress(bytes: Uint8Array, quality: number): Promise<Buffer> {
  return await sharp(bytes).jpeg({ quality }).toBuffer()
}

/** Returns the picture as JPEG at another width, its shape kept. */
export async function resizeTo(bytes: Uint8Array, width: number): Promise<Buffer> {
  return await sharp(bytes).resize({ width }).jpeg({ quality: 85 }).toBuffer()
}

type Rgb = readonly [number, number, number]
type Noise = (x: number, y: number) => number

function paintLandscape(seed: number, { width, height }: PictureSize): Uint8Array {
  const random = seededRandom(seed)
  const palette = pickPalette(random)
  const clouds = noise2d(seed * 7 + 1)
  const ground = noise2d(seed * 7 + 2)
  const sun = { x: 0.1 + 0.8 * random(), y: 0.08 + 0.22 * random(), radius: 0.04 + 0.05 * random() }
  const cloudScale = 2 + 3 * random()
  const lakeTop = 0.78 + 0.12 * random()
  const lakeMid = random()
  const ridges = drawRidges(seed, random, width)
  const pixels = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    const v = y / height
    for (let x = 0; x < width; x++) {
      const u = (x / width) * 1.5
      const texture = fractal(ground, u * 14, v * 14, 4)
      let colour = paintSky(palette, v, fractal(clouds, u * cloudScale, v * cloudScale * 2, 4))
      const fromSun = Math.hypot(u / 1.5 - sun.x, (v - sun.y) * 0.67)
      if (fromSun < sun.radius) colour = [255, 250, 225]
      ridges.forEach((ridge, layer) => {
        if (v < (ridge[x] ?? 1)) return
        const depth = Math.min(1, (v - (ridge[x] ?? 1)) * 4)
        colour = mix(palette.far, palette.near, (layer + depth) / ridges.length, 0.45 + 1.1 * texture)
      })
      const shore = lakeTop + 0.06 * Math.abs(u / 1.5 - lakeMid) + 0.02 * texture
      if (v > shore)
        colour = mix(palette.low, palette.high, v, 0.55 + 0.7 * fractal(clouds, u * 3, v * 40, 2))
      const at = (y * width + x) * 3
      for (let channel = 0; channel < 3; channel++) pixels[at + channel] = byte(colour[channel] ?? 0)
    }
  }
  return pixels
}

function paintSky(palette: { high: Rgb; low: Rgb }, v: number, cloud: number): Rgb {
  const sky = mix(palette.high, palette.low, Math.min(1, v * 1.6), 1)
  return mix(sky, [250, 248, 245], Math.max(0, Math.min(1, (cloud - 0.48) * 6)), 1)
}

/** Returns four skylines, farthest first: for each column, the fraction of the height where the ridge starts. */
function drawRidges(seed: number, random: () => number, width: number): readonly Float64Array[] {
  return [0.3, 0.42, 0.55, 0.7].map((level, layer) => {
    const line = noise2d(seed * 31 + layer)
    const scale = 1.5 + 3 * random()
    const rise = 0.5 - 0.09 * layer
    const base = level + 0.16 * random()
    return Float64Array.from({ length: width }, (_, x) => {
      return base + rise * (0.5 - fractal(line, (x / width) * scale, layer, 5))
    })
  })
}

function pickPalette(random: () => number): { high: Rgb; low: Rgb; far: Rgb; near: Rgb } {
  const tone = (base: Rgb, spread: number): Rgb => [
    base[0] + spread * (random() - 0.5),
    base[1] + spread * (random() - 0.5),
    base[2] + spread * (random() - 0.5),
  ]
  return {
    high: tone([60, 105, 180], 80),
    low: tone([215, 190, 170], 70),
    far: tone([120, 135, 150], 50),
    near: tone([40, 62, 38], 50),
  }
}

/** Mixes two colours and scales the brightness. */
function mix(from: Rgb, to: Rgb, share: number, light: number): Rgb {
  const at = (a: number, b: number): number => (a + (b - a) * share) * light
  return [at(from[0], to[0]), at(from[1], to[1]), at(from[2], to[2])]
}

/** Sums octaves of noise, 0 to 1. */
function fractal(noise: Noise, x: number, y: number, octaves: number): number {
  let sum = 0
  let weight = 0.5
  let total = 0
  for (let octave = 0; octave < octaves; octave++) {
    sum += weight * noise(x + octave * 17, y + octave * 29)
    total += weight
    x *= 2
    y *= 2
    weight /= 2
  }
  return sum / total
}

/** Smooth value noise over a seeded lattice, 0 to 1; only integer and basic float arithmetic, so it never differs. */
function noise2d(seed: number): Noise {
  const at = (x: number, y: number): number => {
    let h = Math.imul(x, 374_761_393) ^ Math.imul(y, 668_265_263) ^ Math.imul(seed, 1_274_126_177)
    h = Math.imul(h ^ (h >>> 13), 1_103_515_245)
    h = Math.imul(h ^ (h >>> 16), 2_246_822_519)
    return ((h ^ (h >>> 15)) >>> 0) / 4_294_967_295
  }
  return (x, y) => {
    const left = Math.floor(x)
    const top = Math.floor(y)
    const sx = smooth(x - left)
    const sy = smooth(y - top)
    const upper = at(left, top) + (at(left + 1, top) - at(left, top)) * sx
    const lower = at(left, top + 1) + (at(left + 1, top + 1) - at(left, top + 1)) * sx
    return upper + (lower - upper) * sy
  }
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t)
}

/** A seeded source of numbers from 0 up to 1 (mulberry32). */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

function byte(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)))
}

async function encodePng(pixels: Uint8Array, { width, height }: PictureSize): Promise<Buffer> {
  return await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 6 })
    .toBuffer()
}
