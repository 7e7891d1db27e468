import type { z } from 'zod'
import type { ApiKey, ApiScope } from '../../model/api-key.ts'
import type { Form } from './read-form.ts'
import type { RestOptions, RestServices } from './rest-services.ts'

/** The body of a request as it was read: nothing, checked JSON, or an image with the fields beside it. */
export type Body<Json> =
  | { readonly kind: 'none' }
  | { readonly kind: 'json'; readonly value: Json }
  | ({ readonly kind: 'image' } & Form)

/** What a handler gets: all of it checked. */
export type RestCall<Query, Json> = {
  readonly query: Query
  /** Parts of the path, decoded, by name. */
  readonly params: Readonly<Record<string, string>>
  readonly body: Body<Json>
  readonly key: Pick<ApiKey, 'id' | 'scopes'>
  /** What a signed delivery is called; empty for what comes with a key. */
  readonly deliveryId: string
  readonly version: string
  readonly services: RestServices
  readonly options: RestOptions
  /** Aborted when the caller leaves, or the time is up. */
  readonly signal: AbortSignal
}

/** A request as the documentation shows it, and as a test sends it. */
export type RequestExample = {
  readonly query?: Readonly<Record<string, string>>
  readonly params?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** Stands for the file of a form, or for raw bytes: `picture` for a real one, `text` for what is none. */
  readonly file?: 'picture' | 'text'
  /** How the file is sent; as a form unless told. */
  readonly as?: 'form' | 'bytes'
  /** Sent instead of a body of the right type. */
  readonly raw?: { readonly contentType: string; readonly text: string }
}

/** A request that is answered with a success. */
export type DocumentedExample = { readonly name: string; readonly request: RequestExample }

/** A request that is refused, and how. */
export type DocumentedError = {
  readonly status: number
  readonly code: string
  /** When it happens, for people. */
  readonly when: string
  readonly request: RequestExample
}

/** One method of one path: what it takes, what it answers, and what does it. The documentation is made of it. */
export type Operation<Query = unknown, Json = unknown> = {
  readonly method: 'get' | 'post' | 'put' | 'delete'
  /** As OpenAPI has it: `/api/v1/logs/{photo_id}`. */
  readonly path: string
  readonly id: string
  /** What a key has to be good for; `webhook` where the body is signed instead. */
  readonly scope: ApiScope | 'webhook'
  readonly summary: string
  readonly description: string
  readonly query?: z.ZodType<Query>
  /** The JSON that is taken, and at most how many bytes of it; `documented` where it is checked item by item. */
  readonly json?: {
    readonly schema: z.ZodType<Json>
    readonly maxBytes: (options: RestOptions) => number
    readonly documented?: z.ZodType
  }
  /** True where an image is taken too, as a form or as bytes. */
  readonly takesImage?: boolean
  /** True where an image is fetched from an address that the caller names. */
  readonly fetchesImage?: boolean
  readonly answer: z.ZodType
  /** Seconds for which the caller may keep the answer; none unless told. */
  readonly maxAgeSeconds?: number
  readonly examples: readonly DocumentedExample[]
  readonly errors: readonly DocumentedError[]
  handle(call: RestCall<Query, Json>): Promise<unknown>
}

/** Returns an operation as the list of them holds it: its schemas see to it that its handler gets what it expects. */
export function defineOperation<Query, Json>(operation: Operation<Query, Json>): Operation {
  return operation
}

/** True for a method whose requests bring a body. */
export function hasBody({ method }: Pick<Operation, 'method'>): boolean {
  return method === 'post' || method === 'put'
}
