import type { Did } from '../model/ids.ts'
import type { SigningKey } from './signing-key.ts'

/** What a token is for. */
export type ServiceTokenWish = {
  /** Who asks: an account's DID, with the fragment of the service whose key signs, such as `#atproto_labeler`. */
  readonly iss: string
  /** Who is asked. */
  readonly aud: string
  /** The one method that it is good for. */
  readonly lxm: string
}

/** Returns a token between services that is good for one minute and one method, signed with our key. */
export async function signServiceToken(
  key: Pick<SigningKey, 'did' | 'sign'>,
  { iss, aud, lxm }: ServiceTokenWish,
): Promise<string> {
  const keypair = {
    jwtAlg: key.did().startsWith('did:key:zQ3s') ? 'ES256K' : 'ES256',
    did: key.did,
    sign: key.sign,
  }
  // Loaded when it is wanted: it brings a whole server along, and commands that sign nothing would wait for it.
  const { createServiceJwt } = await import('@atproto/xrpc-server')
  return await createServiceJwt({ iss, aud, lxm, keypair })
}

/** Returns who a labeler is to a PDS that takes takedowns from it: the key of this fragment's service is `#atproto_label`. */
export function labelerIssuer(labeler: Did): string {
  return `${labeler}#atproto_labeler`
}
