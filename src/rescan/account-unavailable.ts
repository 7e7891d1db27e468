import { AppError } from '../lib/errors.ts'
import { type UnavailableReason, unavailableReasons } from '../model/scan.ts'

/** The account's host does not give what it was asked for, and would not if it were asked again. */
export class AccountUnavailableError extends AppError {
  override readonly name = 'AccountUnavailableError'
  constructor(reason: UnavailableReason) {
    const advice =
      reason === 'refused-address' ? '; name it in HARRIER_ALLOW_PRIVATE_ORIGINS if it is meant' : ''
    const sentence =
      reason === 'not-found'
        ? 'The host says that it has no such account or record'
        : unavailableReasons[reason]
    super('upstream', `${sentence}${advice}`, { details: { reason } })
  }
  override shouldRetry(): boolean {
    return false
  }
}
