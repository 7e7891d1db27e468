import { lexToJson } from '@atproto/lexicon'
import type { Server as XrpcServer } from '@atproto/xrpc-server'
import { AppError } from '../../lib/errors.ts'
import type { RateLimitStatus } from '../../lib/rate-limit.ts'
import { type Did, parseAtUri, parseCid, parseDid } from '../../model/ids.ts'
import type { ModTool, NewReport, Report, ReportSubject } from '../../model/report.ts'
import type { HttpMetrics } from '../metrics.ts'
import { setRateLimitHeaders } from '../rate-limit-headers.ts'
import type { Services } from '../services.ts'

const nsid = 'com.atproto.moderation.createReport'
/** The most bytes of what a program says of itself, as JSON; the lexicon sets no bound. */
const maxModToolBytes = 4096

/** What the lexicon has checked: the types, the formats, and the lengths of the text. Its subject may be of any type. */
type ReportInput = {
  readonly reasonType: string
  readonly reason?: string
  readonly subject: Readonly<Record<string, unknown>>
  readonly modTool?: ModTool
}

/** Adds `com.atproto.moderation.createReport`, which users' clients call through their account's host. */
export function addCreateReport(
  xrpc: XrpcServer,
  services: Pick<Services, 'verifyCaller' | 'fileReport'>,
  metrics: Pick<HttpMetrics, 'reportDone'>,
): void {
  xrpc.method(nsid, {
    auth: async ({ req }) => {
      try {
        return { credentials: await services.verifyCaller(req.headers.authorization, nsid) }
      } catch (error) {
        const kind = error instanceof AppError ? error.kind : undefined
        if (kind === 'unauthenticated' || kind === 'rate-limited') metrics.reportDone(undefined, kind)
        throw error
      }
    },
    handler: async ({ auth, input, res }) => {
      const { report, limits } = await services.fileReport(
        parseReport(auth.credentials, input?.body as ReportInput),
      )
      setRateLimitHeaders(res, tightest(limits))
      const body = formatReport(report)
      xrpc.lex.assertValidXrpcOutput(nsid, body)
      return { encoding: 'application/json', body }
    },
  })
}

function parseReport(reportedBy: Did, input: ReportInput): NewReport {
  const { reasonType, reason, subject, modTool } = input
  return {
    reportedBy,
    reasonType,
    reason: reason === '' ? undefined : reason,
    subject: parseSubject(subject),
    modTool: modTool === undefined ? undefined : parseModTool(modTool),
  }
}

function parseSubject({ $type: type, did: account, uri, cid }: ReportInput['subject']): ReportSubject {
  if (type === 'com.atproto.admin.defs#repoRef') {
    const did = parseDid(account)
    if (did) return { kind: 'account', did }
  }
  if (type === 'com.atproto.repo.strongRef') {
    const record = parseAtUri(uri)
    const version = parseCid(cid)
    const did = parseDid(record?.split('/')[2])
    if (record && version && did) return { kind: 'record', did, uri: record, cid: version }
  }
  throw new AppError(
    'invalid',
    'Expected a repoRef with a DID, or a strongRef with at://<did>/<collection>/<rkey> and a CID, for subject',
  )
}

function parseModTool({ name, meta }: ModTool): ModTool {
  const modTool = { name, ...(meta === undefined ? {} : { meta: lexToJson(meta) }) }
  if (Buffer.byteLength(JSON.stringify(modTool)) <= maxModToolBytes) return modTool
  throw new AppError('too-large', `Expected at most ${maxModToolBytes} bytes for modTool but received more`)
}

function formatReport({ id, createdAt, reasonType, reason, subject, reportedBy }: Report) {
  return {
    id,
    createdAt,
    reasonType,
    ...(reason === undefined ? {} : { reason }),
    subject: formatSubject(subject),
    reportedBy,
  }
}

function formatSubject(subject: ReportSubject) {
  if (subject.kind === 'account') return { $type: 'com.atproto.admin.defs#repoRef', did: subject.did }
  return { $type: 'com.atproto.repo.strongRef', uri: subject.uri, cid: subject.cid }
}

function tightest(limits: readonly RateLimitStatus[]): RateLimitStatus {
  return limits.reduce((least, limit) => (limit.remaining < least.remaining ? limit : least))
}
