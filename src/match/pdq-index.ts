import { setImmediate as nextTurn } from 'node:timers/promises'
import { BankNumbers } from './bank-numbers.ts'
import type { HashIndex, IndexHit } from './hash-index.ts'
import { HashRows } from './hash-rows.ts'
import { MemoryPool } from './memory-pool.ts'
import type { RowSearch } from './row-search.ts'
import { liveRows, RowTiers } from './row-tiers.ts'
import { buildRows, RowsBuilder } from './rows-builder.ts'
import { layoutOf } from './rows-layout.ts'

/** Sizes that decide when rows move on, in rows. */
export type PdqIndexOptions = {
  /** Added rows that are scanned before they are sorted into the middle. */
  readonly tailRows: number
  /** Rows of the middle that are merged into the base, or a 32nd of the base if that is more. */
  readonly middleRows: number
}

/** Measured: scanning 2,000 rows costs a search 5 microseconds, and a middle of 100,000 as much. */
const usual: PdqIndexOptions = { tailRows: 2_000, middleRows: 100_000 }
/** Rows of one piece of the tail. */
const tailCapacity = 16_384
/** The base is built anew when the middle is this part of it, or the removed rows are. */
const middlePart = 1 / 32
const removedPart = 1 / 10
/** Entries that a search goes through in one step: half a millisecond, or one where many of them pass. */
const stepEffort = 80_000
/** More entries than there are. */
const allEffort = 2 ** 30
/** How long a search may hold the thread before it takes turns with everything else, in milliseconds. */
const quickMs = 1.5
/** The kernels of searches that end at once, and of the one that takes turns. */
const quickReader = 0
const patientReader = 1

/** A rebuild under way, with what was removed meanwhile. */
type Build = {
  readonly inputs: readonly HashRows[]
  readonly missed: { readonly hash: Uint8Array; readonly contentId: number }[]
}

/** Returns an empty index of 256-bit hashes: all within any radius, exactly, by multi-index hashing in shared memory. */
export function openPdqIndex(options: Partial<PdqIndexOptions> = {}): HashIndex {
  return new PdqIndex({ ...usual, ...options })
}

/**
 * Two builder threads turn the tail into a new middle, and the base and the middle into a new base. What they read stays
 * searched until what they made takes its place. Memories are used again when no search holds on to them.
 */
class PdqIndex implements HashIndex {
  readonly #options: PdqIndexOptions
  readonly #banks = new BankNumbers()
  readonly #tiers = new RowTiers()
  readonly #pool = new MemoryPool()
  readonly #middleBuilder = new RowsBuilder()
  readonly #baseBuilder = new RowsBuilder()
  readonly #builds = new Set<Build>()
  readonly #retired = new Set<HashRows>()
  /** The reserved rows while they are sorted where they are: nobody may look at them then. */
  #loading: { readonly rows: HashRows; readonly done: Promise<void> } | undefined
  #baseBuild: Promise<void> | undefined
  #tending: Promise<void> | undefined
  #poke = Promise.withResolvers<void>()
  #patience: Promise<void> = Promise.resolve()
  /** True when searches have held the thread as long as they may in this turn: further ones wait for theirs. */
  #isTurnSpent = false

  constructor(options: PdqIndexOptions) {
    this.#options = options
  }

  get size(): number {
    return liveRows(this.#tiers.all)
  }

  reserve(count: number): void {
    if (count > tailCapacity && this.#tiers.all.length === 0) this.#tiers.tails = [this.#open(count, true)]
  }

  add(hash: Uint8Array, bankId: number, contentId: number): void {
    let tail = this.#tiers.tails.at(-1)
    if (!tail || tail.isFull) {
      tail = this.#open(tailCapacity, false)
      this.#tiers.tails = [...this.#tiers.tails, tail]
    }
    tail.add(hash, contentId, this.#banks.numberOf(bankId))
  }

  remove(hash: Uint8Array, contentId: number): boolean {
    for (const { missed } of this.#builds) missed.push({ hash: Uint8Array.from(hash), contentId })
    const isFound = this.#tiers.all.some(
      (rows) => rows !== this.#loading?.rows && removeFrom(rows, hash, contentId),
    )
    return isFound || this.#loading !== undefined
  }

  async search(hash: Uint8Array, radius: number): Promise<IndexHit[]> {
    if (this.#loading) await this.#loading.done
    return this.#searchQuickly(hash, radius) ?? (await this.#searchPatiently(Uint8Array.from(hash), radius))
  }

  tend(): Promise<void> {
    this.#poke.resolve()
    this.#tending ??= this.#tend().finally(() => {
      this.#tending = undefined
    })
    return this.#tending
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#middleBuilder[Symbol.asyncDispose](), this.#baseBuilder[Symbol.asyncDispose]()])
  }

  /** Undefined when it takes longer than a search may. */
  #searchQuickly(hash: Uint8Array, radius: number): IndexHit[] | undefined {
    if (this.#isTurnSpent) return undefined
    const startedAt = performance.now()
    const found: IndexHit[] = []
    for (const rows of this.#tiers.all) {
      const search = rows.search(hash, radius, quickReader)
      while (!search.isDone) {
        this.#collect(rows, search, search.step(stepEffort), found)
        if (performance.now() - startedAt > quickMs) {
          this.#spendTurn()
          return undefined
        }
      }
    }
    return found
  }

  #spendTurn(): void {
    this.#isTurnSpent = true
    setImmediate(() => {
      this.#isTurnSpent = false
    })
  }

  /** One after the other, and between two steps everything else has its turn. */
  async #searchPatiently(hash: Uint8Array, radius: number): Promise<IndexHit[]> {
    const before = this.#patience
    const done = Promise.withResolvers<void>()
    this.#patience = done.promise
    await before
    // The one before may have held this turn as long as a search may.
    await nextTurn()
    const tiers = this.#tiers.all
    for (const rows of tiers) rows.holders++
    const found: IndexHit[] = []
    let since = performance.now()
    try {
      for (const rows of tiers) {
        const search = rows.search(hash, radius, patientReader)
        while (!search.isDone) {
          this.#collect(rows, search, search.step(stepEffort), found)
          if (performance.now() - since < quickMs) continue
          await nextTurn()
          since = performance.now()
        }
      }
      return found
    } finally {
      for (const rows of tiers) rows.holders--
      this.#reuse()
      done.resolve()
    }
  }

  #collect(rows: HashRows, { hits }: RowSearch, count: number, found: IndexHit[]): void {
    for (let i = 0; i < count; i++) {
      const row = hits[i * 2]!
      if (rows.isRemoved(row)) continue
      const bankId = this.#banks.idOf(rows.bankOf(row))
      found.push({ bankId, contentId: rows.contentOf(row), distance: hits[i * 2 + 1]! })
    }
  }

  async #tend(): Promise<void> {
    while (true) {
      this.#poke = Promise.withResolvers()
      if (this.#tiers.tails[0]?.layout.tables) await this.#load(this.#tiers.tails[0])
      else if (liveRows(this.#tiers.tails) > this.#options.tailRows) await this.#buildMiddle()
      else if (!this.#baseBuild && this.#isBaseOld()) this.#startBase()
      else if (this.#baseBuild) await Promise.race([this.#baseBuild, this.#poke.promise])
      else return
    }
  }

  /** Sorts the reserved rows where they are, with both builders. */
  async #load(rows: HashRows): Promise<void> {
    const build: Build = { inputs: [], missed: [] }
    this.#builds.add(build)
    this.#tiers.tails = this.#tiers.tails.filter((other) => other !== rows)
    this.#tiers.frozen = [rows]
    const built = buildRows([this.#middleBuilder, this.#baseBuilder], [], rows)
    this.#loading = { rows, done: built }
    await built
    this.#tiers.base = rows
    this.#tiers.frozen = []
    this.#loading = undefined
    this.#end(build, rows)
  }

  async #buildMiddle(): Promise<void> {
    const { tails } = this.#tiers
    this.#tiers.frozen = tails
    this.#tiers.tails = []
    // A middle that is being merged into the base is left to that.
    const merging = new Set([...this.#builds].flatMap(({ inputs }) => inputs))
    const inputs = [...this.#tiers.middles.filter((rows) => !merging.has(rows)), ...tails]
    await this.#build(this.#middleBuilder, inputs, (built) => {
      this.#tiers.middles = [...this.#tiers.middles.filter((rows) => !inputs.includes(rows)), built]
      this.#tiers.frozen = []
    })
  }

  #isBaseOld(): boolean {
    const { base, middles } = this.#tiers
    const baseRows = base?.count ?? 0
    if ((base?.removedCount ?? 0) > Math.max(this.#options.tailRows, baseRows * removedPart)) return true
    return liveRows(middles) > Math.max(this.#options.middleRows, baseRows * middlePart)
  }

  #startBase(): void {
    const { base, middles } = this.#tiers
    const [middle] = middles
    if (!base && middle) {
      this.#tiers.base = middle
      this.#tiers.middles = []
      return
    }
    const inputs = [...(base ? [base] : []), ...middles]
    const built = this.#build(this.#baseBuilder, inputs, (rows) => {
      this.#tiers.base = rows
      this.#tiers.middles = this.#tiers.middles.filter((other) => !inputs.includes(other))
      this.#baseBuild = undefined
    })
    this.#baseBuild = built
    // Whoever tends the index hears of a failure; it may be at something else just then.
    built.catch(() => {})
  }

  async #build(
    builder: RowsBuilder,
    inputs: readonly HashRows[],
    swap: (built: HashRows) => void,
  ): Promise<void> {
    const build: Build = { inputs, missed: [] }
    this.#builds.add(build)
    const output = this.#open(liveRows(inputs), true)
    await buildRows([builder], inputs, output)
    swap(output)
    this.#end(build, output)
  }

  #end(build: Build, output: HashRows): void {
    this.#builds.delete(build)
    for (const { hash, contentId } of build.missed) removeFrom(output, hash, contentId)
    for (const rows of build.inputs) this.#retired.add(rows)
    this.#reuse()
  }

  #reuse(): void {
    for (const rows of this.#retired) {
      if (rows.holders > 0) continue
      this.#retired.delete(rows)
      this.#pool.give(rows.memory)
    }
  }

  #open(capacity: number, hasTables: boolean): HashRows {
    const rows = new HashRows(this.#pool.take(layoutOf(capacity, hasTables).bytes), capacity, hasTables)
    rows.clear()
    return rows
  }
}

function removeFrom(rows: HashRows, hash: Uint8Array, contentId: number): boolean {
  const search = rows.search(hash, 0, quickReader)
  while (!search.isDone) {
    const count = search.step(allEffort)
    for (let i = 0; i < count; i++) {
      const row = search.hits[i * 2]!
      if (rows.contentOf(row) !== contentId || rows.isRemoved(row)) continue
      rows.remove(row)
      return true
    }
  }
  return false
}
