import { accountKeyOf, labelKeyOf } from '../../atproto/label-key.ts'
import type { Check, Outcome } from './check.ts'

const toAdd = 'Add the label key as #atproto_label to the DID document (a PLC operation; docs/OPERATING.md)'

/** The document declares a label key that can be read, and for our own labeler the one that signs. */
export const labelKeyCheck: Check<'did' | 'document'> = {
  name: 'label-key',
  needs: ['did', 'document'],
  gives: ['labelKey'],
  async run({ did, document }, { own }) {
    const key = labelKeyOf(document)
    if (key.kind === 'missing') {
      return {
        status: 'fail',
        says: 'the DID document has no #atproto_label: no label can be verified',
        fix: toAdd,
      }
    }
    if (key.kind === 'unreadable') {
      return {
        status: 'fail',
        says: `the #atproto_label of the DID document, a ${key.type}, holds no key that can be read`,
        fix: 'Write the key as type Multikey with publicKeyMultibase, K-256 or P-256',
      }
    }
    const signingKey = own?.did === did ? own.signingKey : undefined
    if (signingKey !== undefined && signingKey !== key.didKey) return otherKey(key.didKey, signingKey)
    const says = `#atproto_label is a ${key.curve} key, ${key.type}${signingKey === undefined ? '' : ', the one that signs here'}`
    const learned = { labelKey: key.didKey }
    const account = accountKeyOf(document)
    if (account.kind === 'found' && account.didKey === key.didKey) {
      return {
        status: 'warn',
        says: `${says}; it is also the account's own key, which its host holds`,
        fix: 'Use a key of its own for labels',
        learned,
      }
    }
    return { status: 'ok', says, learned }
  },
}

/** Labels are still looked at with the document's key: that is what others do. */
function otherKey(declared: string, signing: string): Outcome {
  return {
    status: 'fail',
    says: `the DID document declares ${declared} and this installation signs with ${signing}: nobody can verify its labels`,
    fix: `Set HARRIER_SIGNING_KEY to the private half of the declared key, or put ${signing} into the DID document`,
    learned: { labelKey: declared },
  }
}
