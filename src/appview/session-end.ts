import { disconnectReasons } from './label-socket.ts'
import { identityFaults } from './labeler-source.ts'

const otherEnds = {
  unresolvable: 'its DID document could not be had',
  'refused-address': 'its endpoint is not public https, or resolves to a private address',
  'future-cursor':
    'it has no label as new as the last that was read: its database was lost, or it numbers anew. What was read stays; once its operator has confirmed that, run appview-sync once with --from-start for it',
  'error-frame': 'it ended the stream with an error',
  'database-away': 'the AppView’s database does not answer',
  'caught-up': 'everything that it had is in the table',
  stopped: 'we were asked to stop',
} as const

/** One way in which reading a labeler ends, for now or for good. */
export type SessionEndReason =
  | keyof typeof otherEnds
  | keyof typeof disconnectReasons
  | keyof typeof identityFaults

/** Why reading a labeler ended; `detail` is bounded, and never a label. */
export type SessionEnd = { readonly reason: SessionEndReason; readonly detail: string | undefined }

/** Every way in which reading a labeler ends, each with a sentence for people. */
export const sessionEnds: Readonly<Record<SessionEndReason, string>> = {
  ...otherEnds,
  ...disconnectReasons,
  ...identityFaults,
}
