import { hasBody, type Operation } from './operation.ts'

/** What can be wrong with a call of any operation, each provoked by a test for each operation that documents it. */
export const circumstances = [
  'no-key',
  'other-scope',
  'rate-spent',
  'not-signed',
  'sent-before',
  'no-json',
  'other-shape',
  'broken-form',
  'other-type',
  'compressed',
  'too-large',
  'slow-body',
  'no-place',
  'slow-answer',
] as const

/** One member of `circumstances`. */
export type Circumstance = (typeof circumstances)[number]

/** How an operation may be refused beside what is its own. */
export type SharedError = {
  readonly status: number
  readonly code: string
  /** When it happens, for people. */
  readonly when: string
  readonly circumstance: Circumstance
}

const keyed: readonly SharedError[] = [
  {
    status: 401,
    code: 'AuthenticationRequired',
    when: 'there is no key, or it is unknown or revoked',
    circumstance: 'no-key',
  },
  { status: 403, code: 'MissingScope', when: 'the key is not good for this', circumstance: 'other-scope' },
  {
    status: 429,
    code: 'RateLimitExceeded',
    when: 'the key has made too many requests; Retry-After says when to come back',
    circumstance: 'rate-spent',
  },
]

const signed: readonly SharedError[] = [
  {
    status: 401,
    code: 'AuthenticationRequired',
    when: 'the signature is missing or wrong, or the timestamp is not of now',
    circumstance: 'not-signed',
  },
  { status: 409, code: 'Conflict', when: 'the delivery was processed before', circumstance: 'sent-before' },
]

const withBody: readonly SharedError[] = [
  { status: 400, code: 'InvalidJson', when: 'the body is not JSON in UTF-8', circumstance: 'no-json' },
  {
    status: 400,
    code: 'InvalidRequest',
    when: 'the JSON is not what it has to be; errors says where',
    circumstance: 'other-shape',
  },
  {
    status: 408,
    code: 'RequestTimeout',
    when: 'the body did not arrive in time',
    circumstance: 'slow-body',
  },
  { status: 413, code: 'PayloadTooLarge', when: 'the body is too large', circumstance: 'too-large' },
  {
    status: 415,
    code: 'UnsupportedMediaType',
    when: 'the body is of a type that is not taken',
    circumstance: 'other-type',
  },
  { status: 415, code: 'UnsupportedEncoding', when: 'the body is compressed', circumstance: 'compressed' },
]

const withForm: readonly SharedError[] = [
  {
    status: 400,
    code: 'InvalidForm',
    when: 'the form is broken, or has two files',
    circumstance: 'broken-form',
  },
]

const withImage: readonly SharedError[] = [
  {
    status: 503,
    code: 'NotEnoughResources',
    when: 'too many images are being hashed; try again',
    circumstance: 'no-place',
  },
  { status: 504, code: 'UpstreamTimeout', when: 'hashing took too long', circumstance: 'slow-answer' },
]

/** Returns how an operation may be refused beside its own errors. */
export function sharedErrorsOf(operation: Operation): readonly SharedError[] {
  const { scope, takesImage, fetchesImage } = operation
  return [
    ...(scope === 'webhook' ? signed : keyed),
    ...(hasBody(operation) ? withBody : []),
    ...(takesImage === true ? withForm : []),
    ...(takesImage === true || fetchesImage === true ? withImage : []),
  ]
}
