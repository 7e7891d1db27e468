import { randomBytes } from 'node:crypto'
import { AtpAgent } from '@atproto/api'
import { Secp256k1Keypair } from '@atproto/crypto'
import { freePort } from './free-port.ts'

/** An AppView that runs in this process. */
export interface LocalAppview extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string
  /** Returns an agent that asks for the labels of these labelers. */
  agent(labelers: readonly string[]): AtpAgent
}

/** The schema that its tables are in. */
export const appviewSchema = 'bsky'

/**
 * Starts the reference AppView with its data plane on free loopback ports and a PostgreSQL database, whose tables it makes;
 * it indexes the PDS's firehose. Redis, etcd and the other services that it can use are left out, as in its own tests.
 */
export async function openAppview(options: {
  readonly databaseUrl: string
  readonly plcUrl: string
  readonly pdsUrl: string
  /** Whose labels requests without `atproto-accept-labelers` are shown. */
  readonly labelsFromIssuerDids?: readonly string[]
}): Promise<LocalAppview> {
  const bsky = await import('@atproto/bsky')
  await using opening = new AsyncDisposableStack()
  const database = { url: options.databaseUrl, schema: appviewSchema }
  const migrating = new bsky.Database(database)
  await migrating.migrateToLatestOrThrow()
  await migrating.close()

  const db = new bsky.Database({ ...database, poolSize: 10 })
  opening.defer(() => db.close())
  const [port, dataplanePort] = [await freePort(), await freePort()]
  const dataplane = await bsky.DataPlaneServer.create(db, dataplanePort, options.plcUrl, globalThis.fetch)
  opening.defer(() => dataplane.destroy())
  const subscription = new bsky.RepoSubscription({
    service: options.pdsUrl.replace('http', 'ws'),
    db,
    idResolver: dataplane.idResolver,
  })
  opening.defer(() => subscription.destroy())
  const config = new bsky.ServerConfig({
    version: 'test',
    port,
    didPlcUrl: options.plcUrl,
    publicUrl: 'https://appview.example.com',
    serverDid: 'did:web:appview.example.com',
    alternateAudienceDids: [],
    dataplaneUrls: [`http://localhost:${dataplanePort}`],
    dataplaneHttpVersion: '1.1',
    bsyncUrl: 'http://localhost:1',
    modServiceDid: 'did:web:moderation.example.com',
    labelsFromIssuerDids: [...(options.labelsFromIssuerDids ?? [])] as `did:${string}:${string}`[],
    bigThreadUris: new Set(),
    maxThreadParents: 50,
    disableSsrfProtection: true,
    searchTagsHide: new Set(),
    searchTagsHideAll: new Set(),
    threadTagsBumpDown: new Set(),
    threadTagsHide: new Set(),
    visibilityTagHide: '',
    visibilityTagRankPrefix: '',
    debugFieldAllowedDids: new Set(),
    draftsLimit: 1,
    feedGenSkeletonTimeout: 5_000,
    adminPasswords: [randomBytes(16).toString('hex')],
    etcdHosts: [],
  })
  const server = bsky.BskyAppView.create({ config, signingKey: await Secp256k1Keypair.create() })
  await server.start()
  opening.defer(() => server.destroy())
  void subscription.start()

  const resources = opening.move()
  const url = `http://localhost:${port}`
  return {
    url,
    agent(labelers) {
      const agent = new AtpAgent({ service: url })
      agent.configureLabelers([...labelers])
      return agent
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
