/** The composition of a change of the label key with the account's owner: what writes it into the document of a `did:plc`. */
import { type AccountNetwork, explainRefusals } from './account-network.ts'
import { confirmPlcUpdate } from './identity/confirm-plc-update.ts'
import { createTokenSource, type OwnerAnswers, signInAsOwner } from './identity/owner.ts'
import { readDocument } from './identity/read-document.ts'
import { planPlcUpdate } from './identity/update-plc.ts'
import { AppError } from './lib/errors.ts'
import type { Did } from './model/ids.ts'
import type { UpdateDocument } from './publish/rotate-key.ts'

export { openAccountNetwork } from './account-network.ts'

/**
 * Returns the update that signs in to the labeler's account, has a token mailed, and replaces `#atproto_label` by a PLC
 * operation in which nothing else changes. Labels are held back from the moment the token is there.
 */
export function createOwnerUpdate(
  network: AccountNetwork,
  did: Did,
  answers: OwnerAnswers,
  signal: AbortSignal,
): UpdateDocument {
  return (nextKey, labels) =>
    explainRefusals(async () => {
      const { document, pdsUrl } = await readDocument(network, did, signal)
      if (document.kind !== 'plc' || pdsUrl === undefined)
        throw new AppError(
          'invalid',
          `Expected a did:plc but received ${did}; run it with --by-hand, and have its document changed by who serves it`,
        )
      await using session = await signInAsOwner(network.hostAt(pdsUrl), { did, identifier: did }, answers)
      const plan = planPlcUpdate(document.operation, { verificationMethods: { atproto_label: nextKey } })
      const plcToken = createTokenSource(session, answers)
      const deps = { directory: network.directory, session, plcToken }
      await confirmPlcUpdate(deps, plan, signal, labels)
      answers.onStep('document-updated')
    })
}
