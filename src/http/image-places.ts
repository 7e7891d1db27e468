import { AppError } from '../lib/errors.ts'

/**
 * Returns what takes a place for an image in memory, until it is disposed of: at most so many at once, by whatever API.
 * @throws {AppError} `unavailable` when all are taken.
 */
export function createImagePlaces(max: number): () => Disposable {
  let taken = 0
  return () => {
    if (taken >= max)
      throw new AppError('unavailable', 'Too many images are being read; try again in a moment')
    taken++
    return { [Symbol.dispose]: () => void taken-- }
  }
}
