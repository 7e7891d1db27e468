/** Hashes for a benchmark, 8 words each: the same seed gives the same ones. */

/** Returns a generator of 32-bit numbers (xorshift32). */
export function randomWords(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** Fills with hashes of random bits: no two are alike, and buckets are of one size. */
export function fillUniform(words: Uint32Array, seed: number): void {
  const random = randomWords(seed)
  for (let i = 0; i < words.length; i++) words[i] = random()
}

/** Parents of the clustered hashes: their values are met more often than others, as those of photographs are. */
const parents = 2_000

/**
 * Fills with clusters of near copies, as a bank of known images has them: sizes have a heavy tail (Pareto, at most a
 * thousandth of all), members lie up to 40 bits from their original, and originals are 80 to 140 bits from one of
 * 2,000 parents, so that buckets are of very different sizes.
 */
export function fillClustered(words: Uint32Array, seed: number): void {
  const random = randomWords(seed)
  const count = words.length / 8
  const pool = new Uint32Array(parents * 8)
  for (let i = 0; i < pool.length; i++) pool[i] = random()
  const original = new Uint32Array(8)
  let row = 0
  while (row < count) {
    const parent = (random() % parents) * 8
    original.set(pool.subarray(parent, parent + 8))
    flipBits(original, 0, 80 + (random() % 61), random)
    const size = Math.min(count / 1000, Math.ceil((2 ** 32 / (random() + 1)) ** 0.85))
    for (let member = 0; member < size && row < count; member++, row++) {
      words.set(original, row * 8)
      if (member > 0) flipBits(words, row * 8, random() % 41, random)
    }
  }
}

/** Returns needles: every second one a hash of the bank with 5 to 31 bits flipped, the others like those of the bank but new. */
export function drawNeedles(
  words: Uint32Array,
  count: number,
  isClustered: boolean,
  seed: number,
): Uint32Array {
  const random = randomWords(seed)
  const needles = new Uint32Array(count * 8)
  if (isClustered) fillClustered(needles, seed + 1)
  else fillUniform(needles, seed + 1)
  for (let i = 0; i < count; i += 2) {
    const row = random() % (words.length / 8)
    needles.set(words.subarray(row * 8, row * 8 + 8), i * 8)
    flipBits(needles, i * 8, 5 + (random() % 27), random)
  }
  return needles
}

function flipBits(words: Uint32Array, at: number, bits: number, random: () => number): void {
  for (let i = 0; i < bits; i++) {
    const bit = random()
    words[at + ((bit >>> 5) & 7)]! ^= 1 << (bit & 31)
  }
}
