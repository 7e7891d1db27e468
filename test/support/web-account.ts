import { AtpAgent } from '@atproto/api'
import { Secp256k1Keypair } from '@atproto/crypto'
import { createServiceJwt } from '@atproto/xrpc-server'
import { type Account, emailOf } from './accounts.ts'
import { openLoopbackServer } from './listen.ts'
import type { Network } from './network.ts'

/** An account whose DID is a `did:web` of this machine. Disposal ends the server of its document. */
export type WebAccount = Account & {
  /** Where its document is served, `http://localhost:…`. */
  readonly origin: string
  /** Serves the entries besides those of the account itself. */
  declare(entries: { readonly verificationMethod: object[]; readonly service: object[] }): void
} & Disposable

/**
 * Creates an account with a `did:web` on the PDS, as somebody does who comes from another host: the old key proves the
 * account, then the document names the key and the address that the PDS recommends.
 */
export async function createWebAccount(network: Network, handle: string): Promise<WebAccount> {
  let document: object = {}
  const { origin: loopback, [Symbol.dispose]: close } = await openLoopbackServer((request, response) => {
    response.statusCode = request.url === '/.well-known/did.json' ? 200 : 404
    response.end(JSON.stringify(document))
  })
  const { port } = new URL(loopback)
  const [did, origin] = [`did:web:localhost%3A${port}`, `http://localhost:${port}`]
  const service = { id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: network.pdsUrl }
  let key = await Secp256k1Keypair.create().then((pair) => ({ pair, didKey: pair.did() }))
  const documentOf = (more: Parameters<WebAccount['declare']>[0]) => ({
    id: did,
    alsoKnownAs: [`at://${handle}`],
    verificationMethod: [
      { id: `${did}#atproto`, type: 'Multikey', controller: did, publicKeyMultibase: key.didKey.slice(8) },
      ...more.verificationMethod,
    ],
    service: [service, ...more.service],
  })
  const declare: WebAccount['declare'] = (entries) => {
    document = documentOf(entries)
  }
  declare({ verificationMethod: [], service: [] })

  const agent = new AtpAgent({ service: network.pdsUrl })
  const [password, email] = [`password-of-${handle}`, emailOf(handle)]
  const { data: host } = await agent.com.atproto.server.describeServer()
  const proof = await createServiceJwt({
    iss: did,
    aud: host.did,
    lxm: 'com.atproto.server.createAccount',
    keypair: key.pair,
  })
  const headers = { authorization: `Bearer ${proof}` }
  await agent.com.atproto.server.createAccount({ did, handle, email, password }, { headers })
  // The PDS reads identifiers in lower case, which a DID with a port (%3A) does not survive.
  await agent.login({ identifier: handle, password })
  const { data: wanted } = await agent.com.atproto.identity.getRecommendedDidCredentials()
  key = { ...key, didKey: (wanted.verificationMethods as { atproto: string }).atproto }
  declare({ verificationMethod: [], service: [] })
  await agent.com.atproto.server.activateAccount()
  return { did, handle, email, password, agent, origin, declare, [Symbol.dispose]: close }
}
