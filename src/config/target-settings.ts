import { z } from 'zod'
import { type Did, parseDid } from '../model/ids.ts'
import type { TargetDocument } from '../model/target-document.ts'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import { secretDocuments } from './secret-documents.ts'
import { type Setting, SettingProblem, urls } from './setting.ts'

/** The settings of targets, none of them secret. */
export type TargetConfig = { readonly targetPrivateOrigins: readonly string[] }

/** The settings of targets that are never shown. */
export type TargetSecrets = { readonly targets: readonly TargetDocument[] }

type Settings = TargetConfig & TargetSecrets

/** Those of `settings` that are about targets. */
export const targetSettings: { readonly [Name in keyof Settings]: Setting<Settings[Name]> } = {
  targets: secretDocuments(parseTarget, {
    expected: 'a JSON array of documents such as {"id": "pds", "kind": "pds", "url": "https://…"}',
    distinct: 'each id once',
    doc: 'Where takedowns, reports and labels are carried out: a JSON array of documents, one a PDS, an Ozone or a moderation service (docs/OPERATING.md); `labels`, our own stream, is there without one. Tries and their times are those of HARRIER_WEBHOOK_…',
  }),
  targetPrivateOrigins: urls(
    [],
    ['http:', 'https:'],
    'Origins of HARRIER_TARGETS that may be private or plain HTTP, such as http://10.0.0.5:2583',
  ),
}

/** What every webhook endpoint and every target may be called. */
const idPattern = /^[\w.-]{1,64}$/
/** The target that is always there. */
const ownLabelsId = 'labels'

/** Messages name what was expected, and never a value: it may be a secret. */
const id = z.string().regex(idPattern, { error: 'expected 1 to 64 letters, digits, - _ .' })
const did = z.custom<Did>((value) => parseDid(value) !== undefined, { error: 'expected a DID' })
const address = z
  .url({ protocol: /^https?$/, error: 'expected an http or https address' })
  .refine((text) => /^https?:\/\/[^/?#@]+\/?$/.test(text), {
    error: 'expected scheme, host and port alone',
  })
const password = z.string().min(1, { error: 'expected a password' }).max(500)
const acting = z.strictObject({
  kind: z.enum(['ozone', 'moderation']),
  id,
  did,
  identifier: z.string().min(1).max(2048),
  password,
  pds: address.optional(),
})
const ozoneAdmin = z.strictObject({
  kind: z.literal('ozone'),
  id,
  did,
  url: address,
  adminPassword: password,
})
const pdsAdmin = z.strictObject({
  kind: z.literal('pds'),
  id,
  url: address,
  did: did.optional(),
  adminPassword: password.optional(),
})

/** The form that a document is to have, by its kind and by who acts. */
const documents = {
  pds: pdsAdmin.transform(
    (given): TargetDocument => ({
      ...given,
      did: given.did ?? didOfHost(given.url),
      adminPassword: given.adminPassword,
    }),
  ),
  admin: ozoneAdmin.transform((given): TargetDocument => ({ ...given, acting: undefined })),
  acting: acting.transform(
    ({ kind, id: own, did: service, identifier, password: secret, pds }): TargetDocument => ({
      kind,
      id: own,
      did: service,
      acting: { identifier, password: secret, pds },
    }),
  ),
} as const

function parseTarget(item: unknown): TargetDocument {
  const { kind, adminPassword } = Object(item) as Record<string, unknown>
  const admin = kind === 'ozone' && adminPassword !== undefined ? documents.admin : documents.acting
  const { data, error } = (kind === 'pds' ? documents.pds : admin).safeParse(item)
  if (data?.id === ownLabelsId)
    throw new SettingProblem('an id of your own', `${ownLabelsId}, which is our own stream of labels`)
  if (data !== undefined) return data
  const [issue] = error.issues
  throw new SettingProblem(
    'documents of id, kind (pds, ozone or moderation) and what the kind needs',
    `a mistake in ${issue?.path.join('.') || 'one of them'}: ${issue?.message}`,
  )
}

/** Returns what a PDS calls itself unless it is told otherwise (`PDS_SERVICE_DID`). */
function didOfHost(url: string): Did {
  return `did:web:${new URL(url).hostname}` as Did
}

/** Returns what is wrong with ids that endpoints have too, and with addresses that are plain HTTP without the operator's word for it. */
export function targetProblems(
  targets: readonly TargetDocument[],
  endpoints: readonly WebhookEndpoint[],
  { targetPrivateOrigins }: TargetConfig,
): string[] {
  const origins = new Set(targetPrivateOrigins.map((text) => new URL(text).origin))
  const taken = new Set([ownLabelsId, ...targets.map((target) => target.id)])
  const addresses = targets.flatMap((target) => ('url' in target ? target.url : (target.acting?.pds ?? [])))
  return [
    ...endpoints
      .filter((endpoint) => taken.has(endpoint.id))
      .map(
        (endpoint) =>
          `HARRIER_TARGETS: expected ids that no webhook endpoint has but received ${endpoint.id}`,
      ),
    ...addresses
      .map((text) => new URL(text))
      .filter(({ protocol, origin }) => protocol === 'http:' && !origins.has(origin))
      .map(
        ({ origin }) =>
          `HARRIER_TARGETS: expected https but received ${origin}; where that is right, name it in HARRIER_TARGET_PRIVATE_ORIGINS`,
      ),
  ]
}
