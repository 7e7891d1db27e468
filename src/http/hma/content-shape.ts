import type { Bank } from '../../model/bank.ts'
import type { CuratedContent } from '../../model/curation.ts'
import { signalName } from './signal-types.ts'

/** A bank as Hasher-Matcher-Actioner tells it. */
export type BankShape = { readonly matching_enabled_ratio: number; readonly name: string }

/** Returns a bank as it is told. */
export function bankShape({ name, enabledRatio }: Bank): BankShape {
  return { matching_enabled_ratio: enabledRatio, name }
}

/** Returns what is known of a content's source, as it is told; undefined where nothing is. */
export function metadataOf(content: CuratedContent, bank: string): object | undefined {
  const collab = collabOf(content, bank)
  const told = { ...ownMetadataOf(content), ...(Object.keys(collab).length > 0 && { collab }) }
  return Object.keys(told).length > 0 ? told : undefined
}

/** Returns which records of the bank's exchange are behind a content: `{"EXCHANGE": ["key"]}`, or nothing. */
export function collabOf({ sharedBy }: CuratedContent, bank: string): Record<string, readonly string[]> {
  return sharedBy.length > 0 ? { [bank]: sharedBy } : {}
}

/** Returns what curators said of a content's source, as it is told; undefined where they said nothing. */
export function ownMetadataOf({ sourceId, contentUri, metadata }: CuratedContent): object | undefined {
  const told = {
    ...(sourceId !== '' && { content_id: sourceId }),
    ...(contentUri !== undefined && { content_uri: contentUri }),
    ...(metadata !== undefined && { json: metadata }),
  }
  return Object.keys(told).length > 0 ? told : undefined
}

/** Returns a content as it is told, with its signals and what is known of its source where they are wanted. */
export function contentShape(
  content: CuratedContent,
  bank: Bank,
  { hasSignals, hasMetadata }: { readonly hasSignals: boolean; readonly hasMetadata: boolean },
): object {
  const metadata = hasMetadata ? metadataOf(content, bank.name) : undefined
  return {
    id: content.id,
    disable_until_ts: content.disableUntil,
    original_media_uri: content.mediaUri ?? null,
    bank: bankShape(bank),
    ...(hasSignals && {
      signals: Object.fromEntries(content.hashes.map(({ type, value }) => [signalName(type), value])),
    }),
    ...(metadata && { metadata }),
    ...(content.note !== '' && { note: content.note }),
  }
}
