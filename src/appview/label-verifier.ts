import { setImmediate } from 'node:timers/promises'
import { verifyLabel, type WireLabel } from '../atproto/verify-label.ts'

/** The verdict on a label's signature. */
export type SignatureVerdict = ReturnType<typeof verifyLabel>

/** Checks one labeler's signatures with its key. */
export interface LabelVerifier {
  /**
   * Returns a verdict for each label, in their order. When any fails, the key is asked for anew and the failed ones are
   * checked again, unless it was asked for within `minRefreshMs`. Lets others run every few milliseconds.
   */
  verify(labels: readonly WireLabel[], signal: AbortSignal): Promise<readonly SignatureVerdict[]>
}

/** What a label verifier is made of. */
export type LabelVerifierDeps = {
  /** The key as it was just resolved: `did:key:z…`. */
  readonly didKey: string
  /** Returns the key as the DID document has it now; undefined when it has none. */
  readonly resolveKey: (signal: AbortSignal) => Promise<string | undefined>
  readonly onRefresh: () => void
  /** Milliseconds of a clock that only rises. */
  readonly now: () => number
}

/** A labeler that sends nothing but bad signatures must not make us ask the directory without end. */
const minRefreshMs = 10_000
/** How many signatures are checked before others run: a K-256 signature takes up to half a millisecond. */
const labelsPerTurn = 32

/** Returns a label verifier. */
export function createLabelVerifier({
  didKey,
  resolveKey,
  onRefresh,
  now,
}: LabelVerifierDeps): LabelVerifier {
  let key = didKey
  let refreshedAt = -Infinity

  return {
    async verify(labels, signal) {
      const verdicts = await verifyAll(labels, key)
      if (verdicts.every((verdict) => verdict === 'valid') || !(await refresh(signal))) return verdicts
      const failed = labels.filter((_, index) => verdicts[index] !== 'valid')
      const again = (await verifyAll(failed, key)).values()
      return verdicts.map((verdict) => (verdict === 'valid' ? verdict : (again.next().value ?? verdict)))
    },
  }

  /** Tells whether the key is another now. */
  async function refresh(signal: AbortSignal): Promise<boolean> {
    if (now() - refreshedAt < minRefreshMs) return false
    const fresh = await resolveKey(signal)
    refreshedAt = now()
    onRefresh()
    if (fresh === undefined || fresh === key) return false
    key = fresh
    return true
  }
}

async function verifyAll(labels: readonly WireLabel[], didKey: string): Promise<SignatureVerdict[]> {
  const verdicts: SignatureVerdict[] = []
  for (const label of labels) {
    verdicts.push(verifyLabel(label, didKey))
    if (verdicts.length % labelsPerTurn === 0) await setImmediate()
  }
  return verdicts
}
