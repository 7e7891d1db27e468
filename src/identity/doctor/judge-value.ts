import { isLabelVal } from '../../model/label.ts'
import { globalLabelVals } from '../../model/label-definition.ts'
import type { Finding } from './check.ts'

/** Values that clients know without a definition (`@atproto/api`, moderation/const/labels.ts). */
const globalVals: ReadonlySet<string> = new Set(globalLabelVals)
/** System values that clients obey whoever sends them, without a definition and without a setting. */
const systemVals: ReadonlySet<string> = new Set(['!hide', '!warn', '!no-unauthenticated'])

/** True for a value that clients act upon without a definition in the record. */
export function isKnownToClients(val: string): boolean {
  return globalVals.has(val) || systemVals.has(val)
}

/**
 * Returns what is wrong with a value by its form alone, as clients judge it: `/^[a-z-]+$/` for values of a labeler's own, and
 * the reserved ones that begin with `!`.
 */
export function judgeValue(val: string): Finding | undefined {
  const shown = JSON.stringify(val.length > 128 ? `${val.slice(0, 127)}…` : val)
  if (systemVals.has(val)) {
    return {
      status: 'warn',
      says: `${shown} is a reserved value: clients obey it at once, and users cannot change that`,
      fix: `Use a value of your own instead of ${shown}, with a definition`,
    }
  }
  if (val.startsWith('!')) {
    return {
      status: 'fail',
      says: `${shown} is reserved for the network's own moderation: clients ignore it from a labeler`,
      fix: `Use a value of a-z and - instead of ${shown}`,
    }
  }
  if (isLabelVal(val)) return undefined
  if (/^[a-z-]{1,128}$/.test(val)) {
    return {
      status: 'warn',
      says: `${shown} begins or ends with a hyphen, which the specification advises against`,
      fix: `Rename ${shown}`,
    }
  }
  return {
    status: 'fail',
    says: `${shown} is not of a-z and -, at most 128 bytes: clients ignore it`,
    fix: `Rename ${shown} to letters a-z and hyphens, in the record and wherever labels are made`,
  }
}
