import { AtpAgent } from '@atproto/api'
import type { LocalPds } from './pds.ts'

/** An account of the test network, logged in. */
export type Account = {
  readonly did: string
  readonly handle: string
  readonly email: string
  /** The main password, not an app password. */
  readonly password: string
  readonly agent: AtpAgent
}

/** A post as published. */
export type Post = {
  readonly uri: string
  readonly cid: string
  /** The CID of each image's bytes, in the order given. */
  readonly blobCids: readonly string[]
}

/** What a labeler says of itself. */
export type LabelerDeclaration = {
  /** The public half of the key that signs its labels, as `did:key:…`. */
  readonly labelKeyDidKey: string
  /** Where it serves its labels: scheme, host and port, no path. */
  readonly endpoint: string
  /** The label values it declares; `known-image` unless told. */
  readonly labelValues?: readonly string[]
}

/** Creates an account such as `alice.test` on the PDS and logs in. */
export async function createAccount(pds: Pick<LocalPds, 'url'>, handle: string): Promise<Account> {
  const agent = new AtpAgent({ service: pds.url })
  const password = passwordOf(handle)
  const email = emailOf(handle)
  const { data } = await agent.createAccount({ handle, password, email })
  return { did: data.did, handle, email, password, agent }
}

/** Logs in to an account that `createAccount` made, from any process that reaches the PDS. */
export async function loginAccount(pdsUrl: string, handle: string): Promise<Account> {
  const agent = new AtpAgent({ service: pdsUrl })
  const password = passwordOf(handle)
  const { data } = await agent.login({ identifier: handle, password })
  return { did: data.did, handle, email: emailOf(handle), password, agent }
}

/**
 * Makes an account a labeler as its owner would: a PLC operation, signed by its PDS and built from the directory's
 * current data, adds the label key and the service; a record of the account declares the label values.
 */
export async function declareLabeler(
  plcUrl: string,
  pds: LocalPds,
  { did, agent }: Account,
  { labelKeyDidKey, endpoint, labelValues = ['known-image'] }: LabelerDeclaration,
): Promise<void> {
  const current = await fetchPlcData(plcUrl, did)
  const signed = await agent.com.atproto.identity.signPlcOperation({
    token: await pds.plcToken(did),
    verificationMethods: { ...current.verificationMethods, atproto_label: labelKeyDidKey },
    services: { ...current.services, atproto_labeler: { type: 'AtprotoLabeler', endpoint } },
  })
  await agent.com.atproto.identity.submitPlcOperation({ operation: signed.data.operation })
  await agent.com.atproto.repo.putRecord({
    repo: did,
    collection: 'app.bsky.labeler.service',
    rkey: 'self',
    record: serviceRecord(labelValues),
  })
}

/** Uploads the images and publishes a post that shows them, each with an alternative text. */
export async function publishPost(
  { agent }: Account,
  text: string,
  images: readonly Uint8Array[],
): Promise<Post> {
  const uploads = await Promise.all(
    images.map((image) => agent.uploadBlob(image, { encoding: 'image/jpeg' })),
  )
  const blobs = uploads.map((upload) => upload.data.blob)
  const shown = blobs.map((image, index) => ({ image, alt: `Picture ${index + 1} of: ${text}` }))
  const { uri, cid } = await agent.post({
    text,
    createdAt: new Date().toISOString(),
    ...(shown.length > 0 ? { embed: { $type: 'app.bsky.embed.images' as const, images: shown } } : {}),
  })
  return { uri, cid, blobCids: blobs.map((blob) => blob.ref.toString()) }
}

/** The address that an account of the network has its mail sent to. */
export function emailOf(handle: string): string {
  return `${handle.split('.')[0]}@example.test`
}

/** Accounts live as long as their network, on loopback; the password only has to be there. */
function passwordOf(handle: string): string {
  return `password-of-${handle}`
}

type PlcData = {
  readonly verificationMethods: Readonly<Record<string, string>>
  readonly services: Readonly<Record<string, { readonly type: string; readonly endpoint: string }>>
}

async function fetchPlcData(plcUrl: string, did: string): Promise<PlcData> {
  const response = await fetch(`${plcUrl}/${did}/data`)
  if (!response.ok) throw new Error(`Expected the PLC data of ${did} but received status ${response.status}`)
  return (await response.json()) as PlcData
}

function serviceRecord(labelValues: readonly string[]) {
  return {
    $type: 'app.bsky.labeler.service',
    createdAt: new Date().toISOString(),
    policies: {
      labelValues: [...labelValues],
      labelValueDefinitions: labelValues.map((identifier) => ({
        identifier,
        severity: 'alert',
        blurs: 'media',
        defaultSetting: 'warn',
        adultOnly: false,
        locales: [{ lang: 'en', name: identifier, description: `Found by Harrier: ${identifier}` }],
      })),
    },
  }
}
