/**
 * What the settings come to for the parts that `app.ts` opens: their own options, with what no operator need decide.
 */
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import type { HttpOptions } from './http/server.ts'
import type { JetstreamOptions } from './ingest/jetstream.ts'
import { createRateLimiter } from './lib/rate-limit.ts'
import type { StreamCursor } from './model/stream-event.ts'
import type { ReportLimits } from './review/file-report.ts'
import { userAgent } from './version.ts'
import type { World } from './world.ts'

/** Returns where to listen, and for how many. */
export function httpOptions(config: Config, secrets: Secrets): HttpOptions {
  return {
    public: { host: config.publicHost, port: config.publicPort },
    operator: { host: config.operatorHost, port: config.operatorPort },
    maxSubscribers: config.maxSubscribers,
    slowTimeoutMs: config.slowSubscriberMs,
    pingIntervalMs: 30_000,
    closeGraceMs: 2_000,
    receivers: {
      hepaPassword: secrets.hepaPassword,
      ozoneDivertPassword: secrets.ozoneDivertPassword,
      euroskyToken: secrets.euroskyToken,
      labels: config.receiverLabels,
      atOnce: config.receiversAtOnce,
      maxBytes: config.maxBlobBytes,
      timeoutMs: config.fetchTimeoutMs,
    },
  }
}

/** Returns how many reports are taken in an hour, by account and by subject. */
export function createReportLimits(config: Config, world: World): ReportLimits {
  const shared = { periodMs: 3_600_000, maxKeys: 100_000, now: () => world.now().getTime() }
  return {
    byAccount: createRateLimiter({
      ...shared,
      points: config.reportsPerAccount,
      what: 'reports by an account',
    }),
    bySubject: createRateLimiter({
      ...shared,
      points: config.reportsPerSubject,
      what: 'reports of a subject',
    }),
  }
}

/** Returns how the event stream is followed, from a place on. */
export function streamOptions(config: Config, start: StreamCursor | undefined): JetstreamOptions {
  return {
    hosts: config.jetstreamUrls,
    start,
    wantedCollections: [],
    maxFrameBytes: 4_000_000,
    rewindMs: config.jetstreamRewindMs,
    maxQueuedEvents: 10_000,
    maxQueuedBytes: 64_000_000,
    stallTimeoutMs: config.jetstreamStallMs,
    reconnectMinMs: 500,
    reconnectMaxMs: 30_000,
    userAgent,
  }
}
