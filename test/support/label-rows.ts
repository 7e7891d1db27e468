import { createHash } from 'node:crypto'
import type { Did, SubjectUri } from '../../src/model/ids.ts'
import type { Label, SignedLabel } from '../../src/model/label.ts'
import { encodeSigned } from '../../src/publish/encode-label.ts'

/** The labeler of made-up labels. */
export const labelerDid = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did

/** Returns a label with a made-up signature, for tests of what happens to labels after they were signed. */
export function unsignedLabel(fields: Partial<Omit<Label, 'uri'>> & { readonly uri: string }): SignedLabel {
  const label: Label = {
    src: labelerDid,
    val: 'known-image',
    cts: '2025-01-01T00:00:00.000Z',
    ...fields,
    uri: fields.uri as SubjectUri,
  }
  const sig = new Uint8Array(createHash('sha512').update(JSON.stringify(label)).digest())
  return { ...label, ver: 1, sig, bytes: encodeSigned(label, sig), signedBy: 'did:key:zMadeUp' }
}

/** Returns the address of a made-up post; each number has its own. */
export function postUri(number: number): string {
  return `at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l${String(number).padStart(11, 'z')}`
}
