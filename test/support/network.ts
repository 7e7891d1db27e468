import type { Account, LabelerDeclaration, Post } from './accounts.ts'
import { createAccount, declareLabeler, publishPost } from './accounts.ts'
import { type JetstreamStandIn, openJetstream } from './jetstream.ts'
import { type Mail, type ModeratedPds, openPds } from './pds.ts'
import { openPlc } from './plc.ts'

/** A small AT Protocol network in this process, made of the reference implementations, and of a Jetstream stand-in. */
export interface Network extends AsyncDisposable {
  /** The PLC directory. No address here has a trailing slash. */
  readonly plcUrl: string
  readonly pdsUrl: string
  /** The Jetstream stand-in, `ws://…`; it follows the PDS's firehose. */
  readonly jetstreamUrl: string
  readonly pdsAdminPassword: string
  /** What the PDS has mailed, oldest first. */
  readonly mails: readonly Mail[]
  /** The stand-in itself, for tests that look at its subscriptions or make it misbehave. */
  readonly jetstream: JetstreamStandIn
  /** Creates an account on the PDS, such as `alice.test`, and logs in. */
  createAccount(handle: string): Promise<Account>
  /** Adds the label key and the labeler service to the account's DID document and publishes its service record. */
  declareLabeler(account: Account, declaration: LabelerDeclaration): Promise<void>
  /** `createAccount`, then `declareLabeler`. */
  createLabelerAccount(handle: string, declaration: LabelerDeclaration): Promise<Account>
  /** Uploads the images and publishes a post that shows them. */
  post(account: Account, text: string, images: readonly Uint8Array[]): Promise<Post>
  /** Lets the PDS take takedowns from a moderation service, in place of any other. Returns how it reaches the PDS. */
  trustModeration(did: string): ModeratedPds
}

/** Starts the network on free loopback ports, in about two seconds. Disposal ends it and removes its files. */
export async function openNetwork(): Promise<Network> {
  await using stack = new AsyncDisposableStack()
  const plc = stack.use(await openPlc())
  const pds = stack.use(await openPds({ plcUrl: plc.url }))
  const jetstream = stack.use(await openJetstream())
  await jetstream.follow(pds.url)
  const resources = stack.move()
  const declare = (account: Account, declaration: LabelerDeclaration) =>
    declareLabeler(plc.url, pds, account, declaration)
  return {
    plcUrl: plc.url,
    pdsUrl: pds.url,
    jetstreamUrl: jetstream.url,
    pdsAdminPassword: pds.adminPassword,
    mails: pds.mails,
    jetstream,
    createAccount: (handle) => createAccount(pds, handle),
    declareLabeler: declare,
    async createLabelerAccount(handle, declaration) {
      const account = await createAccount(pds, handle)
      await declare(account, declaration)
      return account
    },
    post: publishPost,
    trustModeration: (did) => pds.trustModeration(did),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}
