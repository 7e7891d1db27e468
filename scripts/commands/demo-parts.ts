import { AppError } from '../../src/lib/errors.ts'

/**
 * Imports what the demo is made of: it comes with a checkout and its development packages, and not with an installation
 * for production. @throws {AppError} saying so.
 */
export async function importDemo<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new AppError(
      'unavailable',
      'Expected a checkout with its development packages for the demo: git clone, then npm ci, then npm run demo',
      { cause },
    )
  }
}
