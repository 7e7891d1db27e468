import type { Network } from './network.ts'

/** What a PDS says of an account, a record or a blob. */
type SubjectStatus = { readonly takedown?: { readonly applied: boolean; readonly ref?: string } }

/** A record or a blob, as the admin's methods name it. */
export type AdminSubject =
  | { readonly $type: 'com.atproto.repo.strongRef'; readonly uri: string; readonly cid: string }
  | { readonly $type: 'com.atproto.admin.defs#repoBlobRef'; readonly did: string; readonly cid: string }

type AdminAccess = Pick<Network, 'pdsUrl' | 'pdsAdminPassword'>

/** Takes something down at the network's PDS, or gives it back, as its admin does and not as we do. */
export async function setTakedown(
  network: AdminAccess,
  subject: AdminSubject,
  takedown: { readonly applied: boolean; readonly ref?: string | undefined },
): Promise<void> {
  const body = JSON.stringify({ subject, takedown })
  await callAsAdmin(network, 'com.atproto.admin.updateSubjectStatus', body)
}

/** Returns the reference of the takedown of something; undefined where it is not down. */
export async function takedownRefOf(
  network: AdminAccess,
  subject: AdminSubject,
): Promise<string | undefined> {
  const params = 'uri' in subject ? { uri: subject.uri } : { did: subject.did, blob: subject.cid }
  const query = new URLSearchParams(params).toString()
  const { takedown } = await callAsAdmin(network, `com.atproto.admin.getSubjectStatus?${query}`)
  return takedown?.applied ? takedown.ref : undefined
}

/** A method with a body is a procedure, and else a query. */
async function callAsAdmin(
  { pdsUrl, pdsAdminPassword }: AdminAccess,
  path: string,
  body?: string,
): Promise<SubjectStatus> {
  const answer = await fetch(`${pdsUrl}/xrpc/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Basic ${btoa(`admin:${pdsAdminPassword}`)}`,
      'content-type': 'application/json',
    },
    body: body ?? null,
  })
  if (!answer.ok) throw new Error(`Expected the PDS to take it but received ${answer.status}`)
  return (await answer.json()) as SubjectStatus
}
