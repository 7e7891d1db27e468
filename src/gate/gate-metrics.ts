import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** How uploads end, each with a sentence for people. */
export const uploadOutcomes = {
  passed: 'judged clean and passed on',
  refused: 'blocked by a policy',
  'passed-unjudged': 'passed on without a verdict',
  'refused-unjudged': 'refused for want of a verdict',
  'too-large': 'more bytes than are taken',
  slow: 'did not arrive in time',
  busy: 'refused, for too many were under way',
  left: 'the caller went away',
  answered: 'the PDS answered before it had the body, as it does to a bad token',
  'upstream-failed': 'the PDS could not be reached, or broke off',
} as const

/** One key of `uploadOutcomes`. */
export type UploadOutcome = keyof typeof uploadOutcomes

/** Values that are read when the metrics are asked for. */
export type UploadGauges = {
  readonly uploads: () => number
  readonly hashesPending: () => number
  /** Uploads that were passed without a verdict, by what became of them. */
  readonly rememberedCounts: () => Promise<Readonly<Record<string, number>>>
}

/** The gate's measurements. Never throws. */
export interface GateMetrics {
  /** Counts an upload that has ended, but for the PDS's answer to one that was passed on. */
  uploadDone(outcome: UploadOutcome): void
  /** Measures from the arrival of the whole body to its verdict. */
  judged(ms: number): void
  /** Registers the values that are read on demand. Call once. */
  watch(gauges: UploadGauges): void
}

/** Adds the gate's measurements to a registry, every counter of a closed set at zero. */
export function createGateMetrics(registry: Registry): GateMetrics {
  const registers = [registry]
  const uploads = new Counter({
    name: 'labeler_gate_uploads_total',
    help: 'Uploads through the gate, by how they ended',
    labelNames: ['outcome'],
    registers,
  })
  const verdicts = new Histogram({
    name: 'labeler_gate_verdict_seconds',
    help: 'Time from the arrival of a whole upload to its verdict',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  for (const outcome of Object.keys(uploadOutcomes)) uploads.inc({ outcome }, 0)
  return {
    uploadDone: (outcome) => uploads.inc({ outcome }),
    judged: (ms) => verdicts.observe(ms / 1000),
    watch(gauges) {
      const read = (name: string, help: string, value: () => number): Gauge =>
        new Gauge({
          name,
          help,
          registers,
          collect() {
            this.set(value())
          },
        })
      read('labeler_gate_running_uploads', 'Uploads under way', gauges.uploads)
      read('labeler_gate_pending_hashes', 'Uploads that wait for a verdict', gauges.hashesPending)
      const remembered = new Gauge({
        name: 'labeler_gate_remembered_uploads',
        help: 'Uploads that were passed without a verdict, by state: still looked for, done, or for a person',
        labelNames: ['state'],
        registers: [],
        async collect() {
          for (const [state, count] of Object.entries(await gauges.rememberedCounts()))
            this.set({ state }, count)
        },
      })
      registry.registerMetric(remembered)
    },
  }
}
