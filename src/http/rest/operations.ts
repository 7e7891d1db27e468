import { actionBatchOperation, actionOperation } from './action.ts'
import { hashImageOperation, hashUrlOperation } from './hash-image.ts'
import { logsOperation, subjectLogsOperation } from './logs.ts'
import { matchBatchOperation, matchOperation } from './match-hash.ts'
import { matchStatusBatchOperation, matchStatusOperation } from './match-status.ts'
import type { Operation } from './operation.ts'
import { reportContentOperation } from './report-content.ts'
import { statusMetricsOperation, statusOperation } from './status.ts'

/** Every operation of the REST API, in the order of the documentation. What is not here is not served. */
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
]
