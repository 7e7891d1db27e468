/**
 * The front door of curation: every change that a person or a tool makes to banks and their contents, one by one.
 *
 * Owns: the changes, each in one transaction with its audit row, and that matching has taken them in when they resolve.
 * Leaves to others: hashing (hashes arrive made), files of many contents (`bank-file/`), who may ask.
 * Invariants: no change without its audit row, no row without a change; a text of a content is in no audit row; what is
 * removed can be restored until somebody purges it.
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
  type RemovedBank,
  type Restoring,
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
  /** Removes the bank with all its contents, until it is restored or purged; false when it was gone. */
  removeBank(bank: Bank): Promise<boolean>
  /** Puts a removed bank back under a name; undefined when it was purged. @throws {AppError} `conflict` when the name is taken. */
  restoreBank(removed: RemovedBank, name: string): Promise<Bank | undefined>
  /** Deletes a removed bank for good, in pieces that hold up nobody, and returns how many contents it had. */
  purgeBank(removed: RemovedBank): Promise<number>
  /** Adds content, or says more of the one that the bank has: what is told of it replaces what was told before. */
  addContent(
    bank: Bank,
    content: WantedContent,
  ): Promise<{ readonly contentId: number; readonly isNew: boolean }>
  /** Returns the content as it is now; undefined when the bank has none of that id. */
  updateContent(bank: Bank, contentId: number, change: ContentChange): Promise<CuratedContent | undefined>
  /** Removes one content, until it is restored or purged; false when the bank has none of that id. */
  removeContent(bank: Bank, contentId: number): Promise<boolean>
  /** Puts a removed content back as it was, under its id. */
  restoreContent(bank: Bank, contentId: number): Promise<Restoring>
  /** Deletes the removed contents of a bank for good, and returns how many. */
  purgeContents(bank: Bank): Promise<number>
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

/** A bank is to be restored under a name that another has by now. */
class NameTakenError extends AppError {
  override readonly name = 'NameTakenError'
  constructor(bank: string) {
    super('conflict', `Expected a free name to restore the bank under but received ${bank}, which exists`)
  }
}

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

    removeBank: (bank) =>
      change(async ({ removals }, log) => {
        const isRemoved = await removals.removeBank(bank.id, now().toISOString())
        if (isRemoved) await log('bank.removed', bank.name, {})
        return isRemoved
      }),

    restoreBank: (removed, name) =>
      change(async ({ removals, banks }, log) => {
        if (await banks.find(name)) throw new NameTakenError(name)
        const bank = await removals.restoreBank(removed.id, name)
        if (bank) await log('bank.restored', name, { removedAs: removed.name, removedAt: removed.removedAt })
        return bank
      }),

    async purgeBank(removed) {
      let contents = 0
      for (;;) {
        const piece = await change(({ removals }) => removals.purgeSome(removed.id))
        contents += piece
        if (piece === 0) break
      }
      await change(async ({ banks }, log) => {
        if (await banks.remove(removed.id)) await log('bank.purged', removed.name, { contents })
      })
      return contents
    },

    purgeContents: (bank) =>
      change(async ({ removals }, log) => {
        const contents = await removals.purgeContents(bank.id)
        if (contents > 0) await log('bank.contents-purged', bank.name, { contents })
        return contents
      }),

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
      change(async ({ removals }, log) => {
        const isRemoved = await removals.removeContent(bank.id, contentId, now().toISOString())
        if (isRemoved) await log('bank.content-removed', bank.name, { content: contentId })
        return isRemoved
      }),

    restoreContent: (bank, contentId) =>
      change(async ({ removals }, log) => {
        const restoring = await removals.restoreContent(bank.id, contentId)
        if (restoring === 'restored') await log('bank.content-restored', bank.name, { content: contentId })
        return restoring
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
