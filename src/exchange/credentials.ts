import { AppError } from '../lib/errors.ts'
import { readPrivateFile, writePrivateFile } from '../lib/private-file.ts'
import type { ExchangeValues } from '../model/exchange.ts'

/** The file of credentials is there and is none; it is never overwritten, since it may be all that is left of them. */
class CredentialsFileError extends AppError {
  override readonly name = 'CredentialsFileError'
  constructor(path: string) {
    super('internal', `Expected credentials of exchanges as JSON in ${path} but received something else`)
  }
}

/**
 * What Harrier knows itself to exchanges by, for each kind. They are kept in a file of the data folder that only its owner may
 * read, as the label key is, and not in the database, which is backed up and looked into.
 * @throws CredentialsFileError from every call.
 */
export interface Credentials {
  /** True where there are any for the kind. */
  has(api: string): boolean
  find(api: string): ExchangeValues | undefined
  /** Sets those of a kind; without values, forgets them. Durable on return. */
  set(api: string, values: ExchangeValues | undefined): void
}

/** Returns the credentials in a file, which need not be there yet. One process writes to it. */
export function createCredentials(path: string): Credentials {
  const find = (api: string): ExchangeValues | undefined => read(path).get(api)
  return {
    has: (api) => find(api) !== undefined,
    find,
    set(api, values) {
      const all = new Map(read(path))
      if (values) all.set(api, values)
      else if (!all.delete(api)) return
      writePrivateFile(path, `${JSON.stringify(Object.fromEntries(all), undefined, 2)}\n`)
    },
  }
}

function read(path: string): ReadonlyMap<string, ExchangeValues> {
  const text = readPrivateFile(path)
  if (text === undefined) return new Map()
  try {
    const all: unknown = JSON.parse(text)
    if (typeof all === 'object' && all !== null && !Array.isArray(all))
      return new Map(Object.entries(all as Record<string, ExchangeValues>))
  } catch {
    // The parser's message would repeat what stands there.
  }
  throw new CredentialsFileError(path)
}
