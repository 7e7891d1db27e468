import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Bank, type BankProfile, bankProfiles } from '../model/bank.ts'
import { type DigestHash, type HashType, hashHexDigits, hashTypes } from '../model/hash.ts'
import type { HashPage } from '../store/bank-change-store.ts'
import type { Stores } from '../store/database.ts'
import { openDigestIndex } from './digest-index.ts'
import type { HashIndex } from './hash-index.ts'
import { openPdqIndex } from './pdq-index.ts'

/** Hashes that are read from the store at a time; a page holds the thread for about a millisecond. */
const pageRows = 2_000

/** What the indexes are made from: the list of banks, and the log of their hashes. */
export type BankHashes = {
  readonly banks: Pick<Stores['banks'], 'settings' | 'profiles'>
  readonly bankChanges: Pick<Stores['bankChanges'], 'added' | 'removed' | 'lastRemoval' | 'counts'>
}

/** An index for each kind of hash: PDQ by the profile of the bank, digests by their type. */
export class BankIndexes implements AsyncDisposable {
  readonly pdq: Readonly<Record<BankProfile, HashIndex>> = {
    'reference-512': openPdqIndex(),
    'full-resolution': openPdqIndex(),
    unknown: openPdqIndex(),
  }
  readonly digests: Readonly<Record<DigestHash['type'], HashIndex>> = {
    md5: openDigestIndex(hashHexDigits.md5 / 2),
    sha1: openDigestIndex(hashHexDigits.sha1 / 2),
    sha256: openDigestIndex(hashHexDigits.sha256 / 2),
  }
  readonly #store: BankHashes
  readonly #profiles = new Map<number, BankProfile>()
  /** The banks that are not removed. */
  #listed: ReadonlySet<number> = new Set()
  readonly #counts = new Map<number, Record<HashType, number>>()
  /** How far the log of the store has been followed. */
  #lastAdded = 0
  #lastRemoved = 0

  constructor(store: BankHashes) {
    this.#store = store
  }

  get all(): readonly HashIndex[] {
    return [...Object.values(this.pdq), ...Object.values(this.digests)]
  }

  /** How many hashes of each type the banks have, without those of banks that are removed. */
  get sizes(): Readonly<Record<HashType, number>> {
    const sizes = { pdq: 0, md5: 0, sha1: 0, sha256: 0 }
    for (const bankId of this.#listed) {
      const counts = this.#counts.get(bankId)
      if (counts) for (const type of hashTypes) sizes[type] += counts[type]
    }
    return sizes
  }

  /** True when the bank has hashes of that type. */
  holds(bankId: number, type: HashType): boolean {
    return (this.#counts.get(bankId)?.[type] ?? 0) > 0
  }

  /** Where the logs of added and removed hashes have been followed to. */
  get version(): string {
    return `${this.#lastAdded}-${this.#lastRemoved}`
  }

  /** Where the log of removals has been followed to. */
  get lastRemoved(): number {
    return this.#lastRemoved
  }

  /** Reads everything, for the first time, and returns the banks. Nothing may be searched before it resolves. */
  async load(): Promise<readonly Bank[]> {
    const banks = await this.#listBanks()
    this.#lastRemoved = await this.#store.bankChanges.lastRemoval()
    const counts = await this.#store.bankChanges.counts()
    for (const profile of bankProfiles) {
      const own = counts.filter(
        ({ bankId, type }) => type === 'pdq' && this.#profiles.get(bankId) === profile,
      )
      this.pdq[profile].reserve(own.reduce((sum, { count }) => sum + count, 0))
    }
    await this.#readAdded()
    await this.tend()
    return banks
  }

  /**
   * Follows the log to its end and returns the banks as they are. What was removed is taken out first; between two pages
   * everything else has its turn. One call at a time.
   */
  async follow(): Promise<readonly Bank[]> {
    const banks = await this.#listBanks()
    await this.#readRemoved()
    await this.#readAdded()
    return banks
  }

  /** As `HashIndex.tend`, for each. */
  async tend(): Promise<void> {
    await Promise.all(this.all.map((index) => index.tend()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((index) => index[Symbol.asyncDispose]()))
  }

  /** A bank keeps its profile for life. One that is removed keeps its hashes here until it is purged: it may be restored. */
  async #listBanks(): Promise<readonly Bank[]> {
    for (const { id, profile } of await this.#store.banks.profiles()) this.#profiles.set(id, profile)
    const banks = await this.#store.banks.settings()
    this.#listed = new Set(banks.map(({ id }) => id))
    return banks
  }

  async #readAdded(): Promise<void> {
    while (true) {
      const page = await this.#store.bankChanges.added(this.#lastAdded, pageRows)
      if (page.count === 0) return
      if (page.bankIds.some((bankId) => !this.#profiles.has(bankId))) await this.#listBanks()
      forEachHash(page, (hash, bankId, contentId, type) => {
        const index = this.#indexOf(type, bankId)
        if (!index) return
        index.add(hash, bankId, contentId)
        this.#count(bankId, type, 1)
      })
      this.#lastAdded = page.lastId
      await nextTurn()
    }
  }

  async #readRemoved(): Promise<void> {
    while (true) {
      const page = await this.#store.bankChanges.removed(this.#lastRemoved, pageRows)
      if (page.count === 0) return
      forEachHash(page, (hash, bankId, contentId, type) => {
        if (this.#indexOf(type, bankId)?.remove(hash, contentId)) this.#count(bankId, type, -1)
      })
      this.#lastRemoved = page.lastId
      await nextTurn()
    }
  }

  #count(bankId: number, type: HashType, change: number): void {
    let counts = this.#counts.get(bankId)
    if (!counts) this.#counts.set(bankId, (counts = { pdq: 0, md5: 0, sha1: 0, sha256: 0 }))
    counts[type] += change
  }

  /** Undefined for a bank that came and went without being seen. */
  #indexOf(type: HashType, bankId: number): HashIndex | undefined {
    if (type !== 'pdq') return this.digests[type]
    const profile = this.#profiles.get(bankId)
    return profile && this.pdq[profile]
  }
}

type HashVisitor = (hash: Uint8Array, bankId: number, contentId: number, type: HashType) => void

function forEachHash({ types, bankIds, contentIds, values }: HashPage, visit: HashVisitor): void {
  let from = 0
  for (const [at, type] of types.entries()) {
    const end = from + hashHexDigits[type] / 2
    visit(values.subarray(from, end), bankIds[at]!, contentIds[at]!, type)
    from = end
  }
}
