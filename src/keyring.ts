/**
 * Which label key signs: the one that the store calls live, wherever its private half is.
 *
 * Owns: finding that private half (in the setting, in the key file, in the file of a change of keys that was cut short),
 * and taking up a key that the operator has put there. Leaves to others: changing keys (`publish/rotate-key.ts`).
 * Invariants: a key that was retired never signs again; no key is made while the store knows a live one.
 */
import type { KeyFolder } from './atproto/key-folder.ts'
import { importSigningKey, type SigningKey } from './atproto/signing-key.ts'
import { AppError } from './lib/errors.ts'
import type { KeyStore } from './store/key-store.ts'

/** The private half of the live key is nowhere. The message says what to do. */
export class LiveKeyMissingError extends AppError {
  override readonly name = 'LiveKeyMissingError'
  constructor(live: string, found: string) {
    super(
      'internal',
      `Expected the private half of the label key ${live} in HARRIER_SIGNING_KEY or signing-key.hex but received ${found}; ` +
        'put it back from a backup, or run harrier key rotate to get a new key',
    )
  }
}

/** Where keys are looked for. */
export type KeySources = {
  readonly store: KeyStore
  readonly folder: KeyFolder
  /** The text of `HARRIER_SIGNING_KEY`. */
  readonly setting: string | undefined
  readonly now: () => Date
}

/** The label key, as it changes. */
export interface Keyring {
  /** The key that signs now. @throws {LiveKeyMissingError} where a command was let in without it. */
  readonly current: SigningKey
  /** The setting holds a key that was retired, and does nothing but confuse. */
  readonly isSettingRetired: boolean
  /** Looks again which key is live, as another process may have changed it; true when it is another than before. */
  refresh(): Promise<boolean>
  /** Returns the live key that the store names. @throws {LiveKeyMissingError} */
  keyOf(didKey: string): Promise<SigningKey>
}

/**
 * Opens the label key. Where there is no live key yet, the one that is set or in the file becomes it, and one is
 * generated where there is none. The service takes up a key that the store does not know, since the operator has put it
 * there; a command does not, and is let in without the live key, for it may not need one.
 * @throws {LiveKeyMissingError} to the service.
 */
export async function openKeyring(sources: KeySources, opener: 'service' | 'command'): Promise<Keyring> {
  const { store, now } = sources
  const setting = sources.setting === undefined ? undefined : await importSigningKey(sources.setting)
  const candidates = async () => ({
    setting,
    current: await sources.folder.current(),
    next: await sources.folder.next(),
  })
  const isSettingRetired = setting !== undefined && (await store.isRetired(setting.did()))
  const known = (await store.load()).live
  const found =
    known === undefined
      ? (setting ?? (await sources.folder.openCurrent()))
      : await chooseKey(known, await candidates(), store, opener === 'service').catch((error: unknown) => {
          if (opener === 'command' && error instanceof LiveKeyMissingError) return error
          throw error
        })
  const isNew = !(found instanceof LiveKeyMissingError) && found.did() !== known
  if (isNew) await store.makeLive(found.did(), now().toISOString())
  let current = found

  const keyOf = async (didKey: string): Promise<SigningKey> => {
    if (current instanceof LiveKeyMissingError || current.did() !== didKey)
      current = await chooseKey(didKey, await candidates(), store, false)
    return current
  }
  return {
    get current() {
      if (current instanceof LiveKeyMissingError) throw current
      return current
    },
    isSettingRetired,
    keyOf,
    async refresh() {
      const { live } = await store.load()
      const before = current
      return live !== undefined && (await keyOf(live)) !== before
    },
  }
}

/** The live key, wherever it is; else, if that is allowed, one that was never live here: the setting before the file. */
async function chooseKey(
  live: string,
  { setting, current, next }: Readonly<Record<'setting' | 'current' | 'next', SigningKey | undefined>>,
  store: KeyStore,
  mayTakeUp: boolean,
): Promise<SigningKey> {
  const fresh: SigningKey[] = []
  for (const key of [setting, current]) if (key && !(await store.isRetired(key.did()))) fresh.push(key)
  const [first] = fresh
  if (mayTakeUp && setting && first === setting) return first
  const found = [setting, current, next].find((key) => key?.did() === live)
  if (found) return found
  if (mayTakeUp && first) return first
  throw new LiveKeyMissingError(live, first ? `only ${first.did()}` : 'no key that may still be used')
}
