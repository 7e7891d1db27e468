/**
 * The front door of curation: every change that a person or a tool makes to banks and their contents, one by one.
 *
 * Owns: the changes, each in one transaction with its audit row, and that matching has taken them in when they resolve.
 * Leaves to others: hashing (hashes arrive made), files of many contents (`bank-file/`), who may ask.
 * Invariants: no change without its audit row, no row without a change; a text of a content is in no audit row.
 *
 * bank-rules.ts     what of a bank's settings fits together
 */
import { AppError } from '../lib/errors.ts'
import type { Bank } from '../model/bank.ts'
import {
  type BankChange,
  type ContentChange,
  type CuratedContent,
  enabledContent,
  type WantedBank,
  type WantedContent,
} from '../model/curation.ts'
import type { HashType } from '../model/hash.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Database, Stores } from '../store/database.ts'
import { requireNegative, requireSoundBank } from './bank-rules.ts'

/** Changes banks and contents. When a call resolves, the change is durable and every search sees it. */
export interface Curation {
  /** @throws {BankExistsError} when the name is taken; an `invalid` error when its parts do not fit together. */
  createBank(bank: WantedBank): Promise<Bank>
  /** Returns the bank as it is now; undefined when it is gone. @throws as `createBank`. */
  updateBank(bankId: number, change: BankChange): Promise<Bank | undefined>
  /** Removes the bank with all its contents; false when it was gone. */
  removeBank(bank: Bank): Promise<boolean>
  /** Adds content, or says more of the one that the bank has: what is told of it replaces what was told before. */
  addContent(
    bank: Bank,
    content: WantedContent,
  ): Promise<{ readonly contentId: number; readonly isNew: boolean }>
  /** Returns the content as it is now; undefined when the bank has none of that id. */
  updateContent(bank: Bank, contentId: number, change: ContentChange): Promise<CuratedContent | undefined>
  /** Removes one content; false when the bank has none of that id. */
  removeContent(bank: Bank, contentId: number): Promise<boolean>
  /** Sets the share of images, 0 to 1, for which hashes of a type are matched. */
  setTypeRatio(type: HashType, enabledRatio: number): Promise<void>
}

/** What curation needs. */
export type CurationDeps = {
  readonly database: Pick<Database, 'transaction'>
  /** Who makes the changes, as in `audit`. */
  readonly actor: string
  readonly now: () => Date
  /** Called after every change; resolves when matching has taken it in. */
  readonly onChange: () => Promise<void>
}

/** Contents that are removed in one transaction: some 20 ms. */
const pieceContents = 1_000

/** Returns the changes as one actor makes them. */
export function createCuration({ database, actor, now, onChange }: CurationDeps): Curation {
  type Log = (action: string, subject: string, details: Record<string, unknown>) => Promise<void>

  async function change<T>(work: (stores: Stores, log: Log) => Promise<T>): Promise<T> {
    const result = await database.transaction((stores) =>
      work(stores, (action, subject, details) => {
        const entry: AuditEntry = { at: now().toISOString(), actor, action, subject, details }
        return stores.audit.append([entry])
      }),
    )
    await onChange()
    return result
  }

  /**
   * Takes a bank's contents out in pieces, so that a large one holds up nobody else. It is switched off first: whoever looks it
   * up meanwhile, or after a crash, finds nothing rather than a part.
   */
  async function emptyBank({ id, name }: Bank): Promise<void> {
    const hasMore = await change(async ({ curation }, log) => {
      const page = await curation.search(id, { afterId: 0, limit: pieceContents, nowSeconds: 0 })
      if (page.nextAfterId === undefined) return false
      await curation.updateBank(id, { enabledRatio: 0 })
      await log('bank.updated', name, { enabledRatio: 0, because: 'it is being removed' })
      return true
    })
    if (!hasMore) return
    while ((await change(({ curation }) => curation.removeSome(id, pieceContents))) === pieceContents);
  }

  return {
    createBank: (bank) =>
      change(async ({ banks }, log) => {
        requireSoundBank(bank)
        const { name, threshold, minQuality, profile, enabledRatio = 1, tiers = [], suppresses } = bank
        const more = { ...(tiers.length > 0 && { tiers }), ...(suppresses !== undefined && { suppresses }) }
        await log('bank.created', name, { threshold, minQuality, profile, enabledRatio, ...more })
        return await banks.create({ ...bank, createdAt: now().toISOString() })
      }),

    updateBank: (bankId, wanted) =>
      change(async ({ curation, banks }, log) => {
        const before = (await banks.settings()).find(({ id }) => id === bankId)
        if (!before) return undefined
        if (wanted.suppresses !== undefined) requireNegative(before)
        requireSoundBank({ ...before, ...wanted })
        const after = await curation.updateBank(bankId, wanted)
        if (!after) return undefined
        const { name } = after
        if (name !== before.name) {
          await log('bank.updated', before.name, { name })
          await log('bank.updated', name, { formerName: before.name })
        }
        const changed = settingsThatDiffer(before, after)
        if (Object.keys(changed).length > 0) await log('bank.updated', name, changed)
        return after
      }),

    async removeBank(bank) {
      await emptyBank(bank)
      return await change(async ({ banks }, log) => {
        const isRemoved = await banks.remove(bank.id)
        if (isRemoved) await log('bank.removed', bank.name, {})
        return isRemoved
      })
    },

    addContent: (bank, content) =>
      change(async ({ banks, curation }, log) => {
        if (!(await banks.settings()).some(({ id }) => id === bank.id)) throw bankGone(bank)
        const { hashes, moreHashes = [], note = '', sourceId = '', ...origin } = content
        const wanted = { hashes, label: '', note, sourceId }
        const added = await banks.addContent(bank.id, wanted, now().toISOString())
        if (added.isNew) await curation.addHashes(bank.id, added.contentId, moreHashes)
        const told = { ...origin, ...(note && { note }), ...(sourceId && { sourceId }) }
        const fields = Object.keys(told)
        if (fields.length > 0) await curation.describe(added.contentId, told)
        const types = [...hashes, ...moreHashes].map(({ type }) => type)
        if (added.isNew) await log('bank.content-added', bank.name, { content: added.contentId, types })
        else if (fields.length > 0)
          await log('bank.content-updated', bank.name, { content: added.contentId, fields })
        return added
      }),

    updateContent: (bank, contentId, { disableUntil, ...told }) =>
      change(async ({ curation }, log) => {
        const before = await curation.find(bank.id, contentId)
        if (!before) return undefined
        if (disableUntil !== undefined && disableUntil !== before.disableUntil) {
          await curation.setDisableUntil(contentId, disableUntil)
          const action = disableUntil === enabledContent ? 'bank.content-enabled' : 'bank.content-disabled'
          await log(action, bank.name, { content: contentId, disableUntil })
        }
        await curation.describe(contentId, told)
        const after = await curation.find(bank.id, contentId)
        const fields = after ? textsThatDiffer(before, after) : []
        if (fields.length > 0) await log('bank.content-updated', bank.name, { content: contentId, fields })
        return after
      }),

    removeContent: (bank, contentId) =>
      change(async ({ banks }, log) => {
        const isRemoved = await banks.removeContent(bank.id, contentId)
        if (isRemoved) await log('bank.content-removed', bank.name, { content: contentId })
        return isRemoved
      }),

    setTypeRatio: (type, enabledRatio) =>
      change(async ({ curation }, log) => {
        await curation.setTypeRatio(type, enabledRatio)
        await log('hash-type.updated', type, { enabledRatio })
      }),
  }
}

const texts = ['label', 'note', 'sourceId', 'contentUri', 'metadata'] as const

function textsThatDiffer(before: CuratedContent, after: CuratedContent): readonly string[] {
  return texts.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

/** What a change can set, beside the name, of which the audit has rows of its own. */
const settings = ['enabledRatio', 'threshold', 'minQuality', 'tiers', 'suppresses'] as const

function settingsThatDiffer(before: Bank, after: Bank): Record<string, unknown> {
  const differing = settings.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return Object.fromEntries(differing.map((name) => [name, after[name]]))
}

function bankGone({ name }: Bank): AppError {
  return new AppError('not-found', `bank '${name}' not found`)
}
