import { AppError } from '../lib/errors.ts'

/** A decision is not possible as things stand. */
export class DecisionConflictError extends AppError {
  override readonly name = 'DecisionConflictError'
  constructor(message: string) {
    super('conflict', message)
  }
}
