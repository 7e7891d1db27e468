import { AppError } from '../lib/errors.ts'

/** The file as a whole is not what it was said to be; the message says what to do. */
export class UnusableBankFileError extends AppError {
  override readonly name = 'UnusableBankFileError'
  constructor(message: string) {
    super('invalid', message)
  }
}
