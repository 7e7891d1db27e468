import { z } from 'zod'
import { apiScopeMeanings } from '../../model/api-key.ts'
import { webhookEventTypes, webhookPayload, webhookPing } from '../../model/webhook-event.ts'
import { hasBody, type Operation } from './operation.ts'
import { fileFields } from './read-form.ts'
import { sharedErrorsOf } from './shared-errors.ts'

/** Where the documentation is served. */
export const openApiPath = '/openapi.json'

const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('For people'),
  code: z.string().describe('For machines'),
  request_id: z.string().describe('As in X-Request-Id'),
  errors: z.array(z.object({ field: z.string(), problem: z.string() })).optional(),
})

type Json = Readonly<Record<string, unknown>>

/** Returns the OpenAPI 3.1 document of the operations, made of the schemas that check their requests. */
export function createOpenApi(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, Json>> = {}
  for (const operation of operations)
    (paths[operation.path] ??= {})[operation.method] = documentOperation(operation)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Harrier',
      version,
      description: [
        'Hash images, look them up in banks of known images, and ask what was found.',
        `Every operation needs a key, as a bearer token or as the password of basic authentication. A key has scopes: ${Object.entries(
          apiScopeMeanings,
        )
          .map(([scope, meaning]) => `${scope} (${meaning})`)
          .join(', ')}.`,
        'Paths may end in a slash. Errors are problem documents (RFC 9457).',
      ].join('\n\n'),
    },
    security: [{ bearer: [] }, { basic: [] }],
    paths,
    webhooks: Object.fromEntries([
      ...Object.entries(webhookEventTypes).map(([name, description]) =>
        documentEvent(
          name,
          `${description}. ${howSent}, and sent again until the answer is 2xx.`,
          'WebhookEvent',
        ),
      ),
      documentEvent('ping', `${pingIs}. ${howSent}, once.`, 'WebhookPing'),
    ]),
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic' },
        signature: { type: 'apiKey', in: 'header', name: 'X-HMA-Signature' },
      },
      schemas: {
        Problem: jsonSchemaOf(problemSchema, 'output'),
        WebhookEvent: jsonSchemaOf(webhookPayload, 'output'),
        WebhookPing: jsonSchemaOf(webhookPing, 'output'),
      },
      headers: {
        RequestId: { description: 'What to quote when something is wrong', schema: { type: 'string' } },
      },
    },
  }
}

const howSent = 'It is signed as Standard Webhooks 1.0 has it'
const pingIs = 'Nothing has happened: the operator asks whether the endpoint is reached and believes us'

/** An event that is sent to the endpoints of the settings. */
function documentEvent(name: string, description: string, schemaName: string): [string, Json] {
  const schema = { $ref: `#/components/schemas/${schemaName}` }
  return [
    name,
    {
      post: {
        summary: name,
        description,
        security: [],
        requestBody: { required: true, content: { 'application/json': { schema } } },
        responses: { '2XX': { description: 'Taken; the body is not read' } },
      },
    },
  ]
}

function documentOperation(operation: Operation): Json {
  const { id, summary, description, scope, answer } = operation
  const headers = { 'X-Request-Id': { $ref: '#/components/headers/RequestId' } }
  const responses: Record<number, Json> = {
    200: {
      description: 'Done',
      headers,
      content: { 'application/json': { schema: jsonSchemaOf(answer, 'output') } },
    },
  }
  for (const [status, texts] of errorsOf(operation)) {
    const schema = { $ref: '#/components/schemas/Problem' }
    const content = { 'application/problem+json': { schema } }
    responses[status] = { description: texts.join('; '), headers, content }
  }
  return {
    operationId: id,
    summary,
    ...(scope === 'webhook'
      ? { description, security: [{ signature: [] }] }
      : { description: `${description}\n\nNeeds the scope \`${scope}\`.` }),
    parameters: parametersOf(operation),
    ...(hasBody(operation) ? { requestBody: { required: true, content: bodiesOf(operation) } } : {}),
    responses,
  }
}

/** Every refusal by its status, what is the operation's own first. */
function errorsOf(operation: Operation): ReadonlyMap<number, readonly string[]> {
  const all = [...operation.errors, ...sharedErrorsOf(operation)]
  const byStatus = Map.groupBy(all, ({ status }) => status)
  const entries = [...byStatus].map(([status, errors]) => {
    return [status, [...new Set(errors.map(({ code, when }) => `${code}: ${when}`))]] as const
  })
  return new Map(entries)
}

function parametersOf({ path, query }: Operation): readonly Json[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name, in: 'path', required: true, schema: { type: 'string' } }
  })
  if (query === undefined) return inPath
  const { properties = {}, required = [] } = jsonSchemaOf(query, 'input') as {
    readonly properties?: Readonly<Record<string, Json>>
    readonly required?: readonly string[]
  }
  const inQuery = Object.entries(properties).map(([name, schema]) => {
    return { name, in: 'query', required: required.includes(name), schema }
  })
  return [...inPath, ...inQuery]
}

function bodiesOf({ json, takesImage, examples }: Operation): Json {
  const jsonExamples = examples.filter(({ request }) => request.json !== undefined)
  const file = { type: 'string', contentMediaType: 'application/octet-stream' }
  const fields = {
    ...Object.fromEntries(fileFields.map((name) => [name, file])),
    metadata: { type: 'string' },
  }
  return {
    ...(json && {
      'application/json': {
        schema: jsonSchemaOf(json.documented ?? json.schema, 'input'),
        examples: Object.fromEntries(
          jsonExamples.map(({ name, request }) => [name, { value: request.json }]),
        ),
      },
    }),
    ...(takesImage === true && {
      'multipart/form-data': {
        schema: {
          type: 'object',
          properties: fields,
          oneOf: fileFields.map((name) => ({ required: [name] })),
        },
      },
      'image/*': { schema: {} },
      'application/octet-stream': { schema: {} },
    }),
  }
}

function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12', io }) as Json
  return rest
}
