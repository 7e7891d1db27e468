import { availableParallelism } from 'node:os'
import { flag, integer, oneOf, optionalUrl, type Setting, text } from './setting.ts'

/** The settings of the upload gate, none of them secret. */
export type GateConfig = {
  readonly gatePds: string | undefined
  readonly gateInService: boolean
  readonly gateHost: string
  readonly gatePort: number
  readonly gateMetricsPort: number
  readonly gateOthers: 'pass' | 'refuse'
  readonly gateUnjudged: 'pass' | 'refuse'
  readonly gateMaxBytes: number
  readonly gateMaxPictureBytes: number
  readonly gateVerdictMs: number
  readonly gateRefusalWaitMs: number
  readonly gateBodyMs: number
  readonly gateIdleMs: number
  readonly gateUploadsAtOnce: number
  readonly gateHashProcesses: number
}

/** Those of `settings` that are about the upload gate. */
export const gateSettings: { readonly [Name in keyof GateConfig]: Setting<GateConfig[Name]> } = {
  gatePds: optionalUrl(
    ['http:', 'https:'],
    'Upload gate: the PDS that it stands before, such as http://127.0.0.1:2583; scheme, host and port',
  ),
  gateInService: flag(
    false,
    'Upload gate: run it inside the service; harrier gate runs it in a process of its own',
  ),
  gateHost: text('127.0.0.1', 'Upload gate: address that it listens on'),
  gatePort: integer(3003, {
    min: 0,
    max: 65535,
    doc: 'Upload gate: port that it listens on; 0 takes a free one',
  }),
  gateMetricsPort: integer(3004, {
    min: 0,
    max: 65535,
    doc: 'harrier gate: port of its metrics, at HARRIER_OPERATOR_HOST; 0 takes a free one',
  }),
  gateOthers: oneOf(
    ['pass', 'refuse'],
    'pass',
    'Upload gate: what becomes of requests that are no upload: passed on to the PDS, or answered 404',
  ),
  gateUnjudged: oneOf(
    ['pass', 'refuse'],
    'pass',
    'Upload gate: what becomes of an upload without a verdict: passed and remembered for a later look, or refused',
  ),
  gateMaxBytes: integer(100_000_000, {
    min: 1000,
    max: 10_000_000_000,
    doc: 'Upload gate: bytes of an upload of any kind; a larger one is refused with 413',
  }),
  gateMaxPictureBytes: integer(20_000_000, {
    min: 1000,
    max: 300_000_000,
    doc: 'Upload gate: bytes of a picture that is judged; a larger one has no verdict. Each upload may hold twice so many in memory',
  }),
  gateVerdictMs: integer(3000, {
    min: 1,
    max: 600_000,
    doc: 'Upload gate: milliseconds from the arrival of an upload to its verdict; then it has none',
  }),
  gateRefusalWaitMs: integer(500, {
    min: 0,
    max: 30_000,
    doc: 'Upload gate: milliseconds that a refusal waits for the PDS to turn the caller away itself; with too few, strangers learn what is blocked',
  }),
  gateBodyMs: integer(120_000, {
    min: 100,
    max: 3_600_000,
    doc: 'Upload gate: milliseconds in which an upload must arrive, and the PDS answer it',
  }),
  gateIdleMs: integer(30_000, {
    min: 100,
    max: 3_600_000,
    doc: 'Upload gate: milliseconds without a byte of an upload after which it is refused with 408',
  }),
  gateUploadsAtOnce: integer(64, {
    min: 1,
    max: 10_000,
    doc: 'Upload gate: uploads at once; one more is refused with 503',
  }),
  gateHashProcesses: integer(Math.min(2, availableParallelism()), {
    min: 1,
    max: 256,
    doc: 'Upload gate: processes of its own that decode uploads',
  }),
}
