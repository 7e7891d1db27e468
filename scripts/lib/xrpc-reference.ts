import { globSync, readFileSync } from 'node:fs'

/** A definition in a lexicon, as far as the reference shows it. */
type Definition = {
  readonly type: string
  readonly description?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Definition>>
  readonly items?: Definition
  readonly ref?: string
  readonly format?: string
  readonly enum?: readonly string[]
  readonly knownValues?: readonly string[]
  readonly default?: string | number
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly parameters?: Definition
  readonly input?: Payload
  readonly output?: Payload
  readonly errors?: readonly { readonly name: string; readonly description?: string }[]
}
type Payload = { readonly encoding: string; readonly schema?: Definition }
type Lexicon = {
  readonly id: string
  readonly description?: string
  readonly defs: Readonly<Record<string, Definition>>
}

const intro = `# XRPC

Harrier's own methods, \`tools.harrier.*\`, are served on the public listener beside those of the network. This page is written
by \`npm run docs\` from the lexicons in [\`lexicons/\`](../lexicons/README.md).

## Who may call

A method says which scopes it needs. There are two kinds of callers:

- **A key.** \`harrier api-key create my-app --scopes hash,match\` makes one. It goes into the header \`Authorization: Bearer
  KEY\`. The same keys are good for the REST API.
- **An account or a service, by its DID.** \`HARRIER_SERVICE_CALLERS=did:plc:…=hash+match\` allows it. It calls with a token
  between services, which its host makes (\`com.atproto.server.getServiceAuth\`): for our DID (\`aud\`), for the method that is
  called (\`lxm\`), good once. An account need not make them by hand: its host does when it is told to pass the call on to us,
  with the header \`atproto-proxy: LABELER_DID#atproto_labeler\`. Images pass too, within the limits of the host.

Beyond what each method lists, every method may answer:

| Status | Error | When |
| --- | --- | --- |
| 400 | \`InvalidRequest\` | the request is not what the lexicon says |
| 401 | \`AuthenticationRequired\` | there is no key, or it is unknown or revoked |
| 401 | \`BadJwt\`, \`BadJwtType\`, \`JwtExpired\`, \`BadJwtLifetime\`, \`BadJwtAudience\`, \`BadJwtLexiconMethod\`, \`BadJwtIss\`, \`BadJwtSignature\`, \`JwtReused\` | the token between services is not good for this call |
| 403 | \`MissingScope\` | the caller is not allowed to call this |
| 413 | \`PayloadTooLarge\` | the body is too large |
| 429 | \`RateLimitExceeded\` | too many requests in the last minute; \`Retry-After\` says when to come back |
| 500 | \`InternalServerError\` | it is our fault; the message has an id to quote |
| 502 | \`UpstreamFailure\` | a host that had to be asked is unwell; try again |
| 503 | \`NotEnoughResources\` | too much is being done; try again |
| 504 | \`UpstreamTimeout\` | it took too long; try again |

The errors that a method lists have the status 400, unless this table says another. Answers have the headers
\`RateLimit-Limit\`, \`RateLimit-Remaining\` and \`RateLimit-Reset\`; a host that passes calls on does not pass these back.

## A typed client

Copy \`lexicons/tools\` into your project's \`lexicons\` folder, and generate: \`npm install @atproto/lex && npx lex build\`. Then:

\`\`\`ts
import { Client } from '@atproto/lex'
import * as tools from './lexicons/tools.js'

const fetchHandler = (path: string, init: RequestInit) => {
  const headers = new Headers(init.headers)
  headers.set('authorization', \`Bearer \${process.env.HARRIER_KEY}\`)
  return fetch(new URL(path, 'https://labels.example.com'), { ...init, headers })
}
const client = new Client({ fetchHandler })
const { body } = await client.xrpc(tools.harrier.match.getStatus, { params: { uri } })
if (body.isMatched) hide(uri)
\`\`\`

Through an account's host, the session takes the place of the key: \`new Client(session, { service:
'did:plc:…#atproto_labeler' })\`. Projects that use \`@atproto/api\` generate with \`lex gen-api\` of \`@atproto/lex-cli\`.
`

/** Returns the reference of every method of `lexicons/`, as the Markdown of `docs/XRPC.md`. To be run in the project's folder. */
export function formatXrpcReference(): string {
  const files = globSync('lexicons/**/*.json').toSorted()
  const lexicons = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Lexicon)
  const methods = lexicons.flatMap(({ id, defs }) => (defs['main'] ? [formatMethod(id, defs['main'])] : []))
  const objects = lexicons.flatMap(({ description, defs }) =>
    defs['main']
      ? []
      : [
          description ?? '',
          ...Object.entries(defs).map(([name, definition]) => formatObject(name, definition)),
        ],
  )
  return `${[intro, '## Methods\n', ...methods, '## Objects\n', ...objects].join('\n')}\n`
}

function formatMethod(id: string, method: Definition): string {
  const { type, description = '', parameters, input, output, errors = [] } = method
  const verb = type === 'query' ? 'GET' : 'POST'
  return [
    `### \`${id}\`\n`,
    `\`${verb} /xrpc/${id}\`\n`,
    `${description}\n`,
    ...formatFields('Parameters', parameters),
    ...formatPayload('Takes', input),
    ...formatPayload('Answers', output),
    '| Error | When |\n| --- | --- |',
    ...errors.map((error) => `| \`${error.name}\` | ${error.description ?? ''} |`),
    '',
  ].join('\n')
}

function formatPayload(title: string, payload: Payload | undefined): string[] {
  if (!payload) return []
  const { encoding, schema } = payload
  if (!schema) return [`${title}: bytes of any type.\n`]
  if (schema.ref !== undefined) return [`${title}: ${linkOf(schema.ref)}, as \`${encoding}\`.\n`]
  const fields = formatFields(`${title} \`${encoding}\``, schema)
  return fields.length > 0 ? fields : [`${title}: an empty object, as \`${encoding}\`.\n`]
}

function formatObject(name: string, definition: Definition): string {
  const fields = formatFields('It has', definition)
  return [`\n### ${name}\n`, `${definition.description ?? ''}\n`, ...fields].join('\n')
}

function formatFields(title: string, definition: Definition | undefined): string[] {
  const { properties = {}, required = [] } = definition ?? {}
  const rows = Object.entries(properties).map(([name, field]) => {
    const must = required.includes(name) ? 'yes' : ''
    return `| \`${name}\` | ${typeOf(field)} | ${must} | ${field.description ?? ''} |`
  })
  if (rows.length === 0) return []
  return [`${title}:\n`, '| Name | Type | Required | What it is |\n| --- | --- | --- | --- |', ...rows, '']
}

function typeOf(field: Definition): string {
  const { type, ref, items, format, minimum, maximum, maxLength } = field
  if (ref !== undefined) return linkOf(ref)
  if (items) return `list${maxLength === undefined ? '' : ` of at most ${maxLength}`}: ${typeOf(items)}`
  const values = field.enum ?? field.knownValues
  const shown = values ? values.map((value) => `\`${value}\``).join(', ') : (format ?? type)
  const range = maximum === undefined ? `at least ${minimum}` : `${minimum ?? 0} to ${maximum}`
  const fallback = field.default === undefined ? '' : `; \`${field.default}\` unless told`
  return `${shown}${minimum === undefined && maximum === undefined ? '' : `, ${range}`}${fallback}`
}

function linkOf(ref: string): string {
  const name = ref.split('#')[1] ?? ''
  return `[${name}](#${name.toLowerCase()})`
}
