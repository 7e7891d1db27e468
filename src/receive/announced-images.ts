/**
 * Looks at the images that apps announce by webhook: fetches, hashes and matches each, and lets the policy act.
 *
 * Owns: when an image is looked at, and what becomes of one that cannot be. Leaves to others: taking the webhook in, the
 * request, decoding, publishing labels, and telling the app (the outbox).
 * Invariants: an attempt is counted before it starts; a match is told once, however often the work is repeated; no bytes are
 * kept, and the address is forgotten once the image was looked at; a failure of the store stops the service.
 */
import type { Log } from '../lib/logger.ts'
import { shareOf } from '../lib/share.ts'
import { type TryOptions, tryWork } from '../lib/try-work.ts'
import { createWorkLoop, type WorkLoop } from '../lib/work-loop.ts'
import type { AnnouncedImage } from '../model/announced-image.ts'
import { type ApiActionRequest, webhookCallerId } from '../model/api-action.ts'
import { auditOfFindings } from '../model/audit-of-findings.ts'
import type { Emission } from '../model/emission.ts'
import type { ImageHash } from '../model/hash.ts'
import { blobCidOfSha256, type Cid, type Did, parseBlobCid, parseDid } from '../model/ids.ts'
import type { Findings, Match, SuppressedMatch } from '../model/match.ts'
import type { Policy } from '../model/policy.ts'
import { type HashedScan, isLasting, outcomeOf, type UnscannableScan } from '../model/scan.ts'
import type { Announce, Database } from '../store/database.ts'
import { decideAnnounced, subjectOf, verdictOf } from './decide-announced.ts'
import { digest, oldDigests } from './digests.ts'

/** The most suppressed matches that an audit row names. */
const maxToldSuppressed = 20

/** What looking at announced images needs. */
export type AnnouncedImagesDeps = {
  readonly database: Pick<Database, 'transaction' | 'announcedImages' | 'labels'>
  /** The labeler. */
  readonly src: Did
  readonly policy: Policy
  /** Returns the bytes at an address, bounded. */
  readonly fetchImage: (url: string, signal: AbortSignal) => Promise<Uint8Array>
  readonly hashBytes: (
    cid: Cid,
    bytes: Uint8Array,
    signal: AbortSignal,
  ) => Promise<HashedScan | UnscannableScan>
  readonly matchHashes: (
    hashes: readonly ImageHash[],
    options: { readonly coin: number },
  ) => Promise<Findings>
  readonly publish: (label: Emission, actor: string) => Promise<unknown>
  readonly takeAction: (keyId: number, request: ApiActionRequest) => Promise<unknown>
  readonly announce: Announce
  readonly logger: Log
  readonly now: () => Date
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** How images are looked at. */
export type AnnouncedImagesOptions = TryOptions & { readonly atOnce: number }

/** Returns the loop that looks at announced images; starts nothing. */
export function createAnnouncedImages(deps: AnnouncedImagesDeps, options: AnnouncedImagesOptions): WorkLoop {
  return createWorkLoop<AnnouncedImage, string>({
    claim: (limit, busy) => deps.database.announcedImages.claim(deps.now().getTime(), limit, busy),
    keyOf: ({ contentId }) => contentId,
    work: (image, ending) => attempt(deps, options, image, ending),
    atOnce: options.atOnce,
    pollMs: 1000,
  })
}

async function attempt(
  deps: AnnouncedImagesDeps,
  options: AnnouncedImagesOptions,
  image: AnnouncedImage,
  ending: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  const { database, logger, now } = deps
  const tell = (outcome: string): void => {
    const durationMs = Math.round(performance.now() - startedAt)
    const fields = { image: image.id, outcome, attempts: image.attempts, durationMs }
    if (outcome === 'dead') logger.warn(fields, 'announced-image.dead')
    else logger.info(fields, 'announced-image.done')
  }
  const tried = await tryWork((signal) => look(deps, image, signal), options, {
    attempt: image.attempts,
    ending,
    random: deps.random,
  })
  switch (tried.kind) {
    case 'cut-off':
      return
    case 'done':
      return tell(tried.value)
    case 'retry':
      await database.announcedImages.retry(image.id, tried.reason, now().getTime() + tried.waitMs)
      return tell('retried')
    case 'dead':
      await bury(deps, image, tried.reason)
      return tell('dead')
  }
}

/** Gives an image up, where a person sees it. */
async function bury(
  { database, now }: AnnouncedImagesDeps,
  image: AnnouncedImage,
  outcome: string,
): Promise<void> {
  const at = now().toISOString()
  await database.transaction(async ({ announcedImages, audit }) => {
    await announcedImages.end(image.id, 'dead', outcome, at)
    const details = { outcome, attempts: image.attempts }
    const entry = { action: 'image.not-looked-at', subject: image.contentId, details }
    await audit.append([{ at, actor: 'harrier', ...entry }])
  })
}

/** Looks at one image and does what follows, in steps that can be repeated. Returns how it ended. */
async function look(deps: AnnouncedImagesDeps, image: AnnouncedImage, signal: AbortSignal): Promise<string> {
  const { database, now } = deps
  const bytes = await deps.fetchImage(image.url, signal)
  const sha256 = digest('sha256', bytes)
  const cid = blobCidOfSha256(sha256.value)
  const scan = await deps.hashBytes(cid, bytes, signal)
  const hashes = scan.kind === 'hashed' ? scan.hashes : [...oldDigests(bytes), sha256]
  // As the pipeline has it, so that both say the same of an image.
  const { matches: found, suppressed } = await deps.matchHashes(hashes, { coin: shareOf(sha256.value) })
  const isReversed = found.length > 0 && (await database.announcedImages.isReversed(image.contentId, cid))
  const matches = isReversed ? [] : found
  await remember(deps, image, { cid, scan, matches, found: { matches: found, suppressed }, isReversed })
  const labels = matches.length > 0 ? await act(deps, image, cid, bytes.length, matches) : 0
  const outcome = isReversed ? 'reversed' : outcomeOf(scan)
  const at = now().toISOString()
  const [nearest] = matches
  await database.transaction(async ({ announcedImages, audit }) => {
    await announcedImages.end(image.id, 'done', outcome, at)
    const match = nearest && { bank: nearest.bank, hashType: nearest.hashType, distance: nearest.distance }
    const details = {
      cid,
      outcome,
      matches: matches.length,
      labels,
      ...match,
      ...(suppressed.length > 0 && {
        suppressed: suppressed.slice(0, maxToldSuppressed).map(tellSuppressed),
      }),
    }
    await audit.append([
      { at, actor: 'harrier', action: 'image.looked-at', subject: image.contentId, details },
    ])
  })
  return outcome
}

function tellSuppressed({ match, by }: SuppressedMatch): Readonly<Record<string, unknown>> {
  const { bank, contentId } = match
  return { bank, contentId, by: { bank: by.bank, contentId: by.contentId } }
}

/** Makes durable what was found out, and tells of a match unless an earlier attempt has. */
async function remember(
  { database, announce, now }: AnnouncedImagesDeps,
  image: AnnouncedImage,
  seen: {
    readonly cid: Cid
    readonly scan: HashedScan | UnscannableScan
    /** Those that act. */
    readonly matches: readonly Match[]
    readonly found: Findings
    readonly isReversed: boolean
  },
): Promise<void> {
  const { cid, scan, matches, found, isReversed } = seen
  const at = now().toISOString()
  await database.transaction(async (stores) => {
    const isWorthKeeping = !scan.isCached && (scan.kind === 'hashed' || isLasting(scan.reason))
    if (isWorthKeeping) await stores.images.save(cid, scan, at)
    await stores.announcedImages.saw(image.id, cid, matches.length > 0)
    if (image.cid === cid) return
    const { contentId } = image
    const more = isReversed ? { reversed: true } : {}
    await stores.audit.append(auditOfFindings(found, { at, subject: contentId, blob: cid, more }))
    if (matches.length === 0) return
    await announce(stores, [{ type: 'match_found', contentId, blobCid: cid, matches }], at)
  })
}

/** Labels what can be labeled, and records the rest. Returns how many labels were asked for. */
async function act(
  deps: AnnouncedImagesDeps,
  { contentId, deliveryId }: AnnouncedImage,
  cid: Cid,
  size: number,
  matches: readonly Match[],
): Promise<number> {
  const { database, src, policy, now } = deps
  const subject = subjectOf(contentId)
  if (subject) {
    const history = await database.labels.states(src, [subject.uri, subject.did])
    const labels = decideAnnounced({ subject, matches, history, policy, now: now() })
    for (const label of labels) await deps.publish(label, 'harrier')
    return labels.length
  }
  await lookForRecord(deps, contentId, cid, size)
  const [nearest] = matches
  await deps.takeAction(webhookCallerId, {
    actionId: `image-${deliveryId}`,
    type: verdictOf(policy, matches),
    contentId,
    event: 'image_upload',
    match: nearest === undefined ? {} : { bank: nearest.bank, distance: nearest.distance },
  })
  return 0
}

/** A blob of an account is labeled once the record that shows it is found, as one is that the upload gate let pass. */
async function lookForRecord(
  { database, now }: AnnouncedImagesDeps,
  contentId: string,
  cid: Cid,
  size: number,
): Promise<void> {
  const [, account, blob] = /^(did:[^/]+)\/([^/]+)$/.exec(contentId) ?? []
  const did = parseDid(account)
  if (did === undefined || parseBlobCid(blob) !== cid) return
  const at = now()
  await database.transaction(({ uploads }) =>
    uploads.add({ did, cid, size, reason: 'announced' }, at.toISOString(), at.getTime()),
  )
}
