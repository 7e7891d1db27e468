/*
 * Every setting of the service, in the order of the reference that is made of it; those of parts that can be left out have files of
 * their own. It is one list, which grows by a line for each setting.
 */
import { availableParallelism } from 'node:os'
import type { EmissionLimits } from '../model/emission.ts'
import type { Did } from '../model/ids.ts'
import type { BankLabel } from '../model/received-blob.ts'
import { type ActingConfig, actingSettings } from './acting-settings.ts'
import { type GateConfig, gateSettings } from './gate-settings.ts'
import { type HmaConfig, hmaSettings } from './hma-settings.ts'
import { type PersonConfig, personSettings } from './person-settings.ts'
import { type ServiceCallerConfig, serviceCallerSettings } from './service-caller-settings.ts'
import {
  bankLabels,
  dids,
  emissionLimits,
  flag,
  integer,
  oneOf,
  optionalDid,
  optionalText,
  optionalUrl,
  type Setting,
  secretKey,
  secretToken,
  secretUrl,
  text,
  urls,
} from './setting.ts'
import { type TargetConfig, type TargetSecrets, targetSettings } from './target-settings.ts'
import { type WebhookConfig, type WebhookSecrets, webhookSettings } from './webhook-settings.ts'

const http = ['http:', 'https:']

/** The levels that can be logged. */
export type LogLevel = 'error' | 'warn' | 'info' | 'debug'

/** Every setting that is no secret: frozen, plain, safe to log. What each means stands in `settings`. */
export type Config = ActingConfig &
  GateConfig &
  HmaConfig &
  PersonConfig &
  ServiceCallerConfig &
  TargetConfig &
  WebhookConfig & {
    readonly dataDir: string
    readonly policyFile: string | undefined
    readonly logLevel: LogLevel
    readonly labelerDid: Did | undefined
    readonly emissionBudget: EmissionLimits
    readonly seqFloor: number
    readonly publicUrl: string | undefined
    readonly publicHost: string
    readonly publicPort: number
    readonly operatorHost: string
    readonly operatorPort: number
    readonly maxSubscribers: number
    readonly slowSubscriberMs: number
    readonly reportsPerAccount: number
    readonly reportsPerSubject: number
    readonly apiMaxDistance: number
    readonly apiLoopbackOpen: boolean
    readonly receiverLabels: readonly BankLabel[]
    readonly receiversAtOnce: number
    readonly jetstreamUrls: readonly string[]
    readonly jetstreamStallMs: number
    readonly jetstreamRewindMs: number
    readonly ingestBatch: number
    readonly maxBlobsPerRecord: number
    readonly plcUrl: string
    readonly allowPrivateOrigins: readonly string[]
    readonly maxBlobBytes: number
    readonly fetchTimeoutMs: number
    readonly fetchesPerHost: number
    readonly maxRedirects: number
    readonly hashProcesses: number
    readonly hashTimeoutMs: number
    readonly hashMemoryBytes: number
    readonly maxPixels: number
    readonly hashOriented: boolean
    readonly hashFlattened: boolean
    readonly hashFrames: number
    readonly hashTurned: boolean
    readonly jobsAtOnce: number
    readonly maxAttempts: number
    readonly retryBaseMs: number
    readonly retryMaxMs: number
    readonly jobRetentionDays: number
    readonly appviewLabelers: readonly Did[]
    readonly appviewSchema: string
    readonly appviewCursorSchema: string
    readonly appviewMetricsPort: number
  }

/** The settings that are never shown. */
export type SecretSettings = TargetSecrets &
  WebhookSecrets & {
    readonly signingKey: string | undefined
    readonly operatorToken: string | undefined
    readonly accountPassword: string | undefined
    readonly appviewDatabaseUrl: string | undefined
    readonly hepaPassword: string | undefined
    readonly ozoneDivertPassword: string | undefined
    readonly euroskyToken: string | undefined
  }

type Settings = Config & SecretSettings

/**
 * Every setting with its default, bounds and meaning: the only place that has them. The variable of `dataDir` is
 * `HARRIER_DATA_DIR`, and so on.
 */
export const settings: { readonly [Name in keyof Settings]: Setting<Settings[Name]> } = {
  dataDir: text('./data', 'Folder of the database and of a generated signing key'),
  policyFile: optionalText(
    'The policy, a YAML file; without it every match is logged and nothing is published',
  ),
  logLevel: oneOf(['error', 'warn', 'info', 'debug'], 'info', 'Least level that is logged'),

  labelerDid: optionalDid(
    'The DID that labels are published as; without it did:web:localhost, which nobody can follow',
  ),
  signingKey: secretKey(
    'The private key of #atproto_label: 64 hex digits of secp256k1, or of P-256 with p256: before them; without it one is generated and kept',
  ),
  emissionBudget: emissionLimits(
    'Most labels that are published: bluesky (5/s,10000/h,100000/d, what Bluesky takes), limits of your own in that form, or none; what is above them waits, durably, by priority',
  ),
  accountPassword: optionalText(
    'For harrier setup alone: the password of the labeler’s account, which it asks for otherwise; keep it out of .env',
  ),
  seqFloor: integer(0, {
    min: 0,
    max: 9_000_000_000_000_000,
    doc: 'Labels are numbered above this seq; only to be set when a database of published labels is lost (docs/OPERATING.md)',
  }),
  publicUrl: optionalUrl(
    http,
    'Where the world reaches the public listener: scheme, host and port; goes into the DID document',
  ),

  publicHost: text('0.0.0.0', 'Address of the public listener: labels, reports, did.json, health'),
  publicPort: integer(3000, { min: 0, max: 65535, doc: 'Port of the public listener; 0 takes a free one' }),
  operatorHost: text(
    '127.0.0.1',
    'Address of the operator listener: metrics and the HTTP API of Hasher-Matcher-Actioner; without HARRIER_OPERATOR_TOKEN it asks for no credential, so keep it private',
  ),
  operatorPort: integer(3001, {
    min: 0,
    max: 65535,
    doc: 'Port of the operator listener; 0 takes a free one',
  }),
  operatorToken: secretToken(
    'What the operator listener asks for, as Authorization: Bearer …; without it, for nothing',
  ),
  ...hmaSettings,
  maxSubscribers: integer(5000, {
    min: 1,
    max: 100_000,
    doc: 'Label subscribers at once; one more is refused with 503',
  }),
  slowSubscriberMs: integer(60_000, {
    min: 100,
    max: 3_600_000,
    doc: 'Milliseconds in which a page of at most 200 labels must leave for a subscriber, else it is closed as ConsumerTooSlow',
  }),

  reportsPerAccount: integer(100, {
    min: 1,
    max: 100_000,
    doc: 'Reports that one account may send in an hour; one more is refused with 429',
  }),
  reportsPerSubject: integer(100, {
    min: 1,
    max: 100_000,
    doc: 'Reports about one subject that are taken in an hour; its review is open by then',
  }),

  apiMaxDistance: integer(48, {
    min: 0,
    max: 256,
    doc: 'Farthest PDQ distance that a threshold of the REST API can ask for, in bits; a far one finds what is not alike, and takes longer',
  }),
  apiLoopbackOpen: flag(
    false,
    'Development only: callers on this machine, not those behind a proxy, need no key for the REST API',
  ),
  ...serviceCallerSettings,
  ...actingSettings,
  ...personSettings,
  ...webhookSettings,
  ...targetSettings,
  hepaPassword: secretToken(
    'Turns on com.atproto.unspecced.scanBlob for hepa, Bluesky’s automod: its ABYSS_PASSWORD (docs/INTEGRATION.md)',
  ),
  ozoneDivertPassword: secretToken(
    'Turns on com.atproto.unspecced.reportBlob for Ozone’s divert: its OZONE_BLOB_DIVERT_ADMIN_PASSWORD',
  ),
  euroskyToken: secretToken('Turns on /api/v1/check-csam for Eurosky’s hepa: its HEPA_CSAM_API_TOKEN'),
  receiverLabels: bankLabels(
    'Which banks hepa and Eurosky’s hepa hear of, and as what: bank=csam or bank=csem, separated by commas; they act on a hit of any of these by themselves',
  ),
  receiversAtOnce: integer(16, {
    min: 1,
    max: 1000,
    doc: 'Pictures that hepa and Ozone may send at once, each of at most HARRIER_MAX_BLOB_BYTES in memory; one more is refused with 503',
  }),

  jetstreamUrls: urls(
    ['wss://jetstream.us-east.bsky.network/subscribe', 'wss://jetstream.us-west.bsky.network/subscribe'],
    ['ws:', 'wss:'],
    'Event stream hosts, in order of preference; the next is tried when one fails or stalls',
  ),
  jetstreamStallMs: integer(60_000, {
    min: 100,
    max: 3_600_000,
    doc: 'Milliseconds without an event after which the host is left for the next; too short loses quiet hosts for nothing',
  }),
  jetstreamRewindMs: integer(10_000, {
    min: 0,
    max: 3_600_000,
    doc: 'Milliseconds to go back on a change of host, whose clocks differ; too short may lose events, too long repeats them',
  }),
  ingestBatch: integer(1000, { min: 1, max: 10_000, doc: 'Most events that are committed together' }),
  maxBlobsPerRecord: integer(100, { min: 1, max: 10_000, doc: 'Blobs of one record that are looked at' }),

  plcUrl: text('https://plc.directory', 'The PLC directory'),
  allowPrivateOrigins: urls(
    [],
    http,
    'Development only: origins that may be fetched though they are private or plain HTTP',
  ),
  maxBlobBytes: integer(20_000_000, {
    min: 1000,
    max: 300_000_000,
    doc: 'Bytes of a blob that are fetched at most',
  }),
  fetchTimeoutMs: integer(20_000, {
    min: 100,
    max: 600_000,
    doc: 'Milliseconds for one fetch, redirects included',
  }),
  fetchesPerHost: integer(8, { min: 1, max: 1000, doc: 'Fetches from one host at once' }),
  maxRedirects: integer(3, { min: 0, max: 20, doc: 'Redirects that one fetch follows' }),

  hashProcesses: integer(availableParallelism(), {
    min: 1,
    max: 256,
    doc: 'Processes that decode images; one per core is best',
  }),
  hashTimeoutMs: integer(15_000, {
    min: 100,
    max: 600_000,
    doc: 'Milliseconds for one image; then its process is replaced',
  }),
  hashMemoryBytes: integer(1_500_000_000, {
    min: 200_000_000,
    max: 64_000_000_000,
    doc: 'Resident bytes of one hashing process; above them it is replaced',
  }),
  maxPixels: integer(50_000_000, {
    min: 1_000_000,
    max: 500_000_000,
    doc: 'Pixels of an image that is decoded; 4 bytes each',
  }),

  hashOriented: flag(
    true,
    'Also hash pictures as EXIF turns them; such a picture costs 1 to 10 ms more, up to 40 in both profiles',
  ),
  hashFlattened: flag(
    true,
    'Also hash transparent pictures laid on white and on black; such a picture costs about 10 ms more',
  ),
  hashFrames: integer(4, {
    min: 1,
    max: 50,
    doc: 'Frames of an animation that are hashed; each after the first costs 10 to 20 ms',
  }),
  hashTurned: flag(
    false,
    'Also hash pictures turned and mirrored; hashing costs nothing more, matching eight times as much',
  ),

  jobsAtOnce: integer(16, {
    min: 1,
    max: 1000,
    doc: 'Images in the pipeline at once, each of another account',
  }),
  maxAttempts: integer(8, {
    min: 3,
    max: 100,
    doc: 'Times that an image is tried before it is dead-lettered',
  }),
  retryBaseMs: integer(2000, {
    min: 1,
    max: 600_000,
    doc: 'Milliseconds before the second try; doubles each time, with jitter',
  }),
  retryMaxMs: integer(600_000, { min: 1, max: 86_400_000, doc: 'Most milliseconds between two tries' }),
  jobRetentionDays: integer(30, {
    min: 1,
    max: 3650,
    doc: 'Days that finished jobs are kept; labels and audit rows stay',
  }),

  appviewDatabaseUrl: secretUrl(
    ['postgres:', 'postgresql:'],
    'harrier appview-sync: the PostgreSQL database of the AppView whose label table is filled',
  ),
  appviewLabelers: dids(
    'harrier appview-sync: the DIDs of the labelers that are followed, separated by commas',
  ),
  appviewSchema: text('bsky', 'harrier appview-sync: the schema of the AppView’s tables'),
  appviewCursorSchema: text(
    'harrier',
    'harrier appview-sync: the schema of its own table, label_cursor; made when it is missing',
  ),
  appviewMetricsPort: integer(3002, {
    min: 0,
    max: 65535,
    doc: 'harrier appview-sync: port of its metrics, at HARRIER_OPERATOR_HOST; 0 takes a free one',
  }),

  ...gateSettings,
}
