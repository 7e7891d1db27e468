import { verifySignature } from '@atproto/crypto'
import { AppError } from '../lib/errors.ts'
import { type KeyCurve, type Sign, type SignerOpener, signerOpeners } from './signers.ts'

/** Why a signer was left for the next: not installed or not built for this machine, or wrong in what it signed. */
export type PassedOverSigner = { readonly name: string; readonly reason: 'absent' | 'failed' | 'refused' }

/** A signer that has shown that it signs correctly. */
export type ChosenSigner = {
  readonly name: string
  readonly sign: Sign
  /** The faster ones that were left, in order. */
  readonly passedOver: readonly PassedOverSigner[]
}

const checkMessage = Buffer.from('Harrier signs this before it signs a label')

/**
 * Returns the first signer of the curve whose signature of a fixed message `@atproto/crypto` accepts as strictly as
 * subscribers do: 64 bytes, low-S, of the key `didKey`.
 * @throws {AppError} `internal` when there is none; no message of a library is repeated, since it may show the key.
 */
export async function chooseSigner(
  curve: KeyCurve,
  secret: Uint8Array,
  didKey: string,
  openers: readonly SignerOpener[] = signerOpeners,
): Promise<ChosenSigner> {
  const passedOver: PassedOverSigner[] = []
  for (const { name, open } of openers.filter((opener) => opener.curve === curve)) {
    const sign = await open(secret).catch(() => undefined)
    const fault = sign ? await faultOf(sign, didKey) : 'absent'
    if (sign && fault === undefined) return { name, sign, passedOver }
    passedOver.push({ name, reason: fault ?? 'absent' })
  }
  throw new AppError('internal', `Expected a signer that works on ${curve} but every one failed its check`, {
    details: { passedOver },
  })
}

async function faultOf(sign: Sign, didKey: string): Promise<'failed' | 'refused' | undefined> {
  try {
    const sig = await sign(checkMessage)
    return (await verifySignature(didKey, checkMessage, sig)) ? undefined : 'refused'
  } catch {
    return 'failed'
  }
}
