import { type DocumentAnswer, fetchDidDocument } from '../../atproto/fetch-did-document.ts'
import type { Check, DoctorDeps, Outcome } from './check.ts'
import { clockOf } from './fetch-answer.ts'
import { explainTrouble } from './network-trouble.ts'

/** The DID resolves to a document, here and now. */
export const didDocumentCheck: Check<'did'> = {
  name: 'did-document',
  needs: ['did'],
  gives: ['document'],
  async run({ did }, deps, signal) {
    try {
      return outcomeOf(await fetchDidDocument(did, deps, signal), deps)
    } catch (error) {
      signal.throwIfAborted()
      const place = did.startsWith('did:web:') ? `the host of ${did}` : deps.plcUrl
      const { says, fix } = explainTrouble(error, place)
      return { status: 'fail', says, fix }
    }
  },
}

function outcomeOf(answer: DocumentAnswer, { now }: DoctorDeps): Outcome {
  if (answer.kind === 'found') {
    const clock = clockOf(answer.date, now())
    const learned = { document: answer.document, ...(clock === 'not shown' ? {} : { referenceClock: clock }) }
    return { status: 'ok', says: `found at ${answer.url.origin}`, learned }
  }
  switch (answer.kind) {
    case 'not-found':
      return {
        status: 'fail',
        says: `${answer.url.origin} has no document for it`,
        fix: 'Look for a typing error in the DID; a did:web must serve /.well-known/did.json (Harrier does so when HARRIER_PUBLIC_URL is set)',
      }
    case 'tombstone':
      return {
        status: 'fail',
        says: 'the DID was given up for good',
        fix: 'Create a new account for the labeler',
      }
    case 'malformed':
      return {
        status: 'fail',
        says: `what ${answer.url.origin} serves is no document of this DID`,
        fix: 'Serve a JSON object whose id is the DID, with verificationMethod and service as arrays (W3C DID core)',
      }
    case 'unwell':
      return {
        status: 'unknown',
        says: `${answer.url.origin} answered ${answer.status}; try again later`,
      }
    case 'unsupported':
    default:
      return {
        status: 'fail',
        says: 'the network has only did:plc, and did:web without a path',
        fix: 'Use an account with a did:plc, or a did:web of a host name alone',
      }
  }
}
