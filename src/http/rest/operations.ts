import { actionBatchOperation, actionOperation } from './action.ts'
import { addContentOperation, addSignalOperation } from './admin-add.ts'
import {
  createBankOperation,
  getBankOperation,
  listBanksOperation,
  removeBankOperation,
  updateBankOperation,
} from './admin-banks.ts'
import {
  getContentOperation,
  listContentsOperation,
  removeContentOperation,
  updateContentOperation,
} from './admin-contents.ts'
import { getPauseOperation, pauseOperation, resumeOperation } from './admin-pause.ts'
import { restoreBankOperation, restoreContentOperation } from './admin-restore.ts'
import { atprotoCallbackOperation } from './atproto-callback.ts'
import { decideReviewOperation } from './decide-review.ts'
import { deliveriesOperation, redeliverOperation } from './deliveries.ts'
import { hashImageOperation, hashUrlOperation } from './hash-image.ts'
import { hmaCallbackOperation } from './hma-callback.ts'
import { logsOperation, subjectLogsOperation } from './logs.ts'
import { matchBatchOperation, matchOperation } from './match-hash.ts'
import { matchStatusBatchOperation, matchStatusOperation } from './match-status.ts'
import type { Operation } from './operation.ts'
import { reportContentOperation } from './report-content.ts'
import type { RestOptions } from './rest-services.ts'
import { resultCallbackOperation } from './result-callback.ts'
import { getReviewOperation, listReviewsOperation } from './reviews.ts'
import { statusMetricsOperation, statusOperation } from './status.ts'

/** Every operation that wants a key, in the order of the documentation. */
export const operations: readonly Operation[] = [
  hashImageOperation,
  hashUrlOperation,
  matchOperation,
  matchBatchOperation,
  matchStatusOperation,
  matchStatusBatchOperation,
  actionOperation,
  actionBatchOperation,
  reportContentOperation,
  statusOperation,
  statusMetricsOperation,
  logsOperation,
  subjectLogsOperation,
  deliveriesOperation,
  redeliverOperation,
  listReviewsOperation,
  getReviewOperation,
  decideReviewOperation,
  listBanksOperation,
  createBankOperation,
  getBankOperation,
  updateBankOperation,
  addSignalOperation,
  addContentOperation,
  listContentsOperation,
  getContentOperation,
  updateContentOperation,
  removeContentOperation,
  restoreContentOperation,
  removeBankOperation,
  restoreBankOperation,
  getPauseOperation,
  pauseOperation,
  resumeOperation,
]

/** Operations whose callers sign instead. */
export const webhookOperations: readonly Operation[] = [
  hmaCallbackOperation,
  atprotoCallbackOperation,
  resultCallbackOperation,
]

/** Returns the operations that are served; what is not among them is neither served nor described. */
export function operationsFor({ hasWebhooks }: Pick<RestOptions, 'hasWebhooks'>): readonly Operation[] {
  return hasWebhooks ? [...operations, ...webhookOperations] : operations
}
