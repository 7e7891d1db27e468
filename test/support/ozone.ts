import { randomBytes } from 'node:crypto'
import type { AtpAgent } from '@atproto/api'
import { Secp256k1Keypair } from '@atproto/crypto'
import type { Account, Post } from './accounts.ts'
import { freePort } from './free-port.ts'
import type { Network } from './network.ts'

/** An Ozone, the moderation service, that runs in this process. */
export interface LocalOzone extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string
  /** The account that it moderates as: a labeler, whose DID document names this Ozone. */
  readonly did: string
  /** The password of Basic authorization as `admin`, which other moderation tools use. */
  readonly adminPassword: string
  /**
   * Returns an agent whose calls go to this Ozone through the account's own PDS, which signs them, as those of Ozone's web
   * page do: `ozone.agent(moderator).tools.ozone.moderation.emitEvent(…)`. Calls of others than moderators are refused.
   */
  agent(account: Account): AtpAgent
}

/** What a moderator judges: a record, or an account. */
export type OzoneSubject = Pick<Post, 'uri' | 'cid'> | Pick<Account, 'did'>

/** Emits an event of a type alone, such as `tools.ozone.moderation.defs#modEventTakedown`, about a subject and its blobs. */
export async function emitEvent(
  ozone: LocalOzone,
  by: Account,
  { type, subject, blobs = [] }: { type: string; subject: OzoneSubject; blobs?: readonly string[] },
): Promise<void> {
  await ozone.agent(by).tools.ozone.moderation.emitEvent({
    event: { $type: type },
    subject:
      'uri' in subject
        ? { $type: 'com.atproto.repo.strongRef', uri: subject.uri, cid: subject.cid }
        : { $type: 'com.atproto.admin.defs#repoRef', did: subject.did },
    subjectBlobCids: [...blobs],
    createdBy: by.did,
  })
}

/** What Ozone holds of a subject: the types of the events that the moderator emitted, oldest first, and whether it is taken down. */
export type OzoneState = { readonly events: readonly (string | undefined)[]; readonly isTakenDown: boolean }

/** Returns what Ozone holds of a subject, as a moderator sees it. */
export async function stateOf(ozone: LocalOzone, by: Account, subject: OzoneSubject): Promise<OzoneState> {
  const { moderation } = ozone.agent(by).tools.ozone
  const query = { subject: 'uri' in subject ? subject.uri : subject.did }
  const { data } = await moderation.queryEvents({ ...query, sortDirection: 'asc' })
  const { subjectStatuses } = (await moderation.queryStatuses(query)).data
  return {
    // Its own are tags.
    events: data.events.filter(({ createdBy }) => createdBy === by.did).map(({ event }) => event.$type),
    isTakenDown: subjectStatuses.some(({ takendown }) => takendown === true),
  }
}

/** What an Ozone is started with. */
export type OzoneOptions = {
  /** The name of the account that is made for it. */
  readonly handle: string
  /** An empty database of its own. */
  readonly databaseUrl: string
  /** Who may do everything but change the team. */
  readonly moderators: readonly Account[]
  /** Where the blobs of a divert are sent, as its `OZONE_BLOB_DIVERT_…` say; without it a divert is refused. */
  readonly divert?: { readonly url: string; readonly password: string }
}

/**
 * Starts the reference Ozone on a free loopback port, without an AppView (it asks the PDS for records then) and without
 * its daemon (which pushes again what a PDS did not take, and undoes what is of limited duration). The network's PDS takes its
 * takedowns from now on. Its log is off unless `LOG_ENABLED` is set in the environment.
 */
export async function openOzone(network: Network, options: OzoneOptions): Promise<LocalOzone> {
  const { Database, OzoneService, envToCfg, envToSecrets } = await import('@atproto/ozone')
  await using opening = new AsyncDisposableStack()
  const signingKey = await Secp256k1Keypair.create({ exportable: true })
  const adminPassword = randomBytes(16).toString('hex')
  const port = await freePort()
  const url = `http://localhost:${port}`
  const account = await network.createLabelerAccount(options.handle, {
    labelKeyDidKey: signingKey.did(),
    endpoint: url,
  })
  const migrating = new Database({ url: options.databaseUrl })
  await migrating.migrateToLatestOrThrow()
  await migrating.close()

  const env = {
    // Lets it fetch from loopback.
    devMode: true,
    port,
    publicUrl: url,
    serverDid: account.did,
    dbPostgresUrl: options.databaseUrl,
    dbPoolSize: 5,
    didPlcUrl: network.plcUrl,
    appviewUrl: 'http://localhost:1',
    appviewDid: 'did:web:appview.example.com',
    ...network.trustModeration(account.did),
    adminDids: [],
    moderatorDids: options.moderators.map(({ did }) => did),
    triageDids: [],
    adminPassword,
    signingKeyHex: Buffer.from(await signingKey.export()).toString('hex'),
    ...(options.divert && {
      blobDivertUrl: options.divert.url,
      blobDivertAdminPassword: options.divert.password,
    }),
  } as Parameters<typeof envToCfg>[0]
  const ozone = await OzoneService.create(envToCfg(env), envToSecrets(env))
  opening.defer(() => ozone.destroy())
  const listen = ozone.app.listen.bind(ozone.app) as (
    port: number,
    host: string,
  ) => ReturnType<typeof ozone.app.listen>
  // It would listen on every address.
  Object.assign(ozone.app, { listen: (at: number) => listen(at, '127.0.0.1') })
  await ozone.start()

  const resources = opening.move()
  return {
    url,
    did: account.did,
    adminPassword,
    agent: (by) => by.agent.withProxy('atproto_labeler', account.did),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
