import type { Bank, BankContent, ContentHash, ContentTexts, Suppresses } from './bank.ts'

/** Where a content comes from, as whoever added it told. */
export type ContentOrigin = {
  /** Where the media was fetched from, when it was. */
  readonly mediaUri?: string
  /** What refers to it in the system of whoever added it. */
  readonly contentUri?: string
  /** Anything else, as a JSON object. */
  readonly metadata?: Readonly<Record<string, unknown>>
}

/** A content as a curator sees it. */
export type CuratedContent = BankContent &
  ContentOrigin & {
    /** 0 disabled, 1 enabled, otherwise the Unix second from which on it is enabled. */
    readonly disableUntil: number
    /** The keys of the records of the bank's exchange that are behind it, by name; at most 100. */
    readonly sharedBy: readonly string[]
  }

/** The value of `disableUntil` of a content that is matched, which is what every content starts as. */
export const enabledContent = 1

/** True when a content of that `disableUntil` is matched at a time in Unix seconds. */
export function isContentEnabled(disableUntil: number, nowSeconds: number): boolean {
  return disableUntil !== 0 && disableUntil <= nowSeconds
}

/** What is looked for among the contents of a bank. */
export type ContentSearch = {
  /** Only contents after this id. */
  readonly afterId: number
  /** 1 to 1,000. */
  readonly limit: number
  /** Part of the note, the label, the source's id or the content's URI; ASCII letters in either case. */
  readonly text?: string
  /** Only contents that are disabled now, or only those that are not. */
  readonly isDisabled?: boolean
  /** Unix seconds. */
  readonly nowSeconds: number
}

/** Some contents of a bank, by id. */
export type ContentPage = {
  readonly contents: readonly CuratedContent[]
  /** What the next page comes after; undefined when there is none. */
  readonly nextAfterId: number | undefined
}

/** A bank that is to be made; its ratio is 1, it has no tiers, and it is not negative unless told. */
export type WantedBank = Pick<Bank, 'name' | 'threshold' | 'minQuality' | 'profile'> &
  Partial<Pick<Bank, 'enabledRatio' | 'tiers' | 'suppresses'>>

/** A content that is to be added. */
export type WantedContent = ContentOrigin & {
  /** At least one, at most one of each type. When the bank holds all of them, the content that has the first is meant. */
  readonly hashes: readonly ContentHash[]
  /** Hashes that go with the others when those are new, as far as the bank does not hold them. */
  readonly moreHashes?: readonly ContentHash[]
  readonly note?: string
  readonly sourceId?: string
}

/** What is to be changed of a content; an empty text, and metadata that is null, takes away what there is. */
export type ContentChange = Partial<ContentTexts> & {
  /** 0 disabled, 1 enabled, otherwise the Unix second from which on it is enabled. */
  readonly disableUntil?: number
  readonly contentUri?: string
  readonly metadata?: Readonly<Record<string, unknown>> | null
}

/** The most characters (UTF-16 code units) of the address of a content or its media, and of metadata written as JSON. */
export const maxOriginLengths = { uri: 2_048, metadata: 65_536 } as const

/** How far ahead a content can be disabled for a time, in seconds: five years. */
export const maxDisabledSeconds: number = 5 * 365 * 86_400

/** What can be changed of a bank. Its kind cannot: `suppresses` is for a bank that is negative already. */
export type BankChange = Partial<
  Pick<Bank, 'name' | 'enabledRatio' | 'threshold' | 'minQuality' | 'tiers'> & {
    readonly suppresses: Suppresses
  }
>

/** A bank that was removed and is kept until it is purged. */
export type RemovedBank = Pick<Bank, 'id' | 'name'> & {
  /** ISO 8601. */
  readonly removedAt: string
}

/** A content that was removed and is kept, without matching anything, until its bank is purged. */
export type RemovedContent = CuratedContent & {
  /** ISO 8601. */
  readonly removedAt: string
}

/** What came of restoring a content: it is back, it was there, another has all of its hashes now, or there is none to restore. */
export type Restoring = 'restored' | 'there' | 'held' | 'unknown'
