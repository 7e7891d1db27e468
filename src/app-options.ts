/**
 * What the settings come to for the parts that `app.ts` opens: their own options, with what no operator need decide.
 */
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import type { HttpOptions } from './http/server.ts'
import type { JetstreamOptions } from './ingest/jetstream.ts'
import type { StreamCursor } from './model/stream-event.ts'
import { userAgent } from './version.ts'

/** Returns where to listen, and for how many. */
export function httpOptions(config: Config, secrets: Secrets): HttpOptions {
  return {
    public: { host: config.publicHost, port: config.publicPort },
    operator: { host: config.operatorHost, port: config.operatorPort },
    operatorToken: secrets.operatorToken,
    hma: { roles: config.hmaRoles, indexStaleMs: config.indexStaleMs },
    maxSubscribers: config.maxSubscribers,
    slowTimeoutMs: config.slowSubscriberMs,
    pingIntervalMs: 30_000,
    closeGraceMs: 2_000,
    rest: {
      maxImageBytes: config.maxBlobBytes,
      bodyTimeoutMs: 25_000,
      answerTimeoutMs: config.hashTimeoutMs * 2 + config.fetchTimeoutMs,
      // Fewer than may wait to be hashed, so that the stream's images find a place.
      maxImagesAtOnce: Math.max(1, Math.floor(config.jobsAtOnce / 2)),
      maxDistance: config.apiMaxDistance,
      hasWebhooks: config.webhooks !== 'off',
      isLoopbackOpen: config.apiLoopbackOpen,
    },
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
