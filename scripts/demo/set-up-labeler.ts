import { parseConfig } from '../../src/config/config.ts'
import { type OwnerStep, openSetup } from '../../src/setup.ts'
import type { Account } from '../../test/support/accounts.ts'
import type { Network } from '../../test/support/network.ts'
import { plcTokenIn } from '../../test/support/pds.ts'
import type { DemoSettings } from './open-harrier.ts'

/** What is told of each step. */
const steps: Readonly<Record<OwnerStep, string>> = {
  'signed-in': 'setup signs in to the account',
  'token-mailed': 'the PDS mails a token, which is read from its mail',
  'document-updated': 'its DID document names the label key and that address',
  'record-published': 'its record declares the labels of the policy file',
}

/** Makes the account a labeler at the address, as `harrier setup` does, and tells each step. */
export async function setUpLabeler(
  { network, labeler, settings }: { network: Network; labeler: Account; settings: DemoSettings },
  url: string,
  step: (text: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { config, secrets } = parseConfig(settings)
  const request = { account: labeler.did, url, pdsUrl: undefined, isPruned: false, isReplacing: false }
  const setup = await openSetup(config, secrets, request, signal)
  await setup.apply({
    password: async () => labeler.password,
    factorToken: () => Promise.reject(new Error('The PDS has no second factor')),
    givenPlcToken: undefined,
    plcToken: async () => plcTokenIn(network.mails, labeler.email) ?? 'none',
    onStep: (made) => step(steps[made]),
  })
}

/** The service's address as a DID document may have it, which is by name and not by number. */
export function endpointOf(publicUrl: string): string {
  return publicUrl.replace('127.0.0.1', 'localhost')
}
