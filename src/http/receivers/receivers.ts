/*
 * The receivers: what programs that moderators run already send pictures to. Bluesky's automod (hepa) and Eurosky's fork of
 * it ask what a picture is; Ozone reports one that a moderator has diverted. Each is there only where its credential is set.
 *
 * Owns: their wire formats, who may call, and how much of a picture is taken. Leaves to others: what a picture is and what
 * follows from it (`services.receiveBlob`). No header is ever logged: hepa repeats its password in one.
 */
import type { Express, RequestHandler } from 'express'
import type { BankLabel } from '../../model/received-blob.ts'
import type { BodyLimits } from '../read-bytes.ts'
import type { Services } from '../services.ts'
import { createAdmission } from './admission.ts'
import { createCheckCsam, euroskyError } from './check-csam.ts'
import { isBasic, isBearer, requireCredential } from './credential.ts'
import { createReportBlob } from './report-blob.ts'
import { createScanBlob } from './scan-blob.ts'

/** Which receivers there are, and what they take and tell. */
export type ReceiverOptions = BodyLimits & {
  readonly hepaPassword: string | undefined
  readonly ozoneDivertPassword: string | undefined
  readonly euroskyToken: string | undefined
  /** Only matches of these banks are told. */
  readonly labels: readonly BankLabel[]
  /** Pictures in hand at once, over all receivers. */
  readonly atOnce: number
}

/** Adds the receivers that are turned on. */
export function addReceivers(
  app: Express,
  services: Pick<Services, 'receiveBlob'>,
  options: ReceiverOptions,
): void {
  const { hepaPassword, ozoneDivertPassword, euroskyToken } = options
  const admit = createAdmission(options.atOnce)
  const add = (path: string, ...handlers: RequestHandler[]): void => {
    app.post(path, ...handlers)
  }
  if (hepaPassword !== undefined) {
    const check = requireCredential(isBasic('admin', hepaPassword), 'Basic')
    add('/xrpc/com.atproto.unspecced.scanBlob', check, admit, createScanBlob(services, options))
  }
  if (ozoneDivertPassword !== undefined) {
    const check = requireCredential(isBasic('admin', ozoneDivertPassword), 'Basic')
    add('/xrpc/com.atproto.unspecced.reportBlob', check, admit, createReportBlob(services, options))
  }
  if (euroskyToken !== undefined) {
    const check = requireCredential(isBearer(euroskyToken), 'Bearer')
    add('/api/v1/check-csam', check, admit, createCheckCsam(services, options))
    app.use('/api/v1/check-csam', euroskyError)
  }
}
