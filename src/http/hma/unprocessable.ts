import { HmaError } from './hma-error.ts'

/** What is wrong with one parameter, in the shape that pydantic gives it. */
export type ParameterProblem = {
  /** Pydantic's name of the mistake, such as `missing` or `bool_parsing`. */
  readonly type: string
  /** Where the parameter is: its name. */
  readonly loc: readonly string[]
  readonly msg: string
  /** What was sent; of a parameter that is missing, all that was. */
  readonly input: unknown
  /** Where the mistake is documented. */
  readonly url: string
}

/** Parameters are missing or of another type: 422, with a list of what is wrong. */
export class UnprocessableError extends HmaError {
  readonly problems: readonly ParameterProblem[]
  constructor(problems: readonly ParameterProblem[]) {
    super(422, problems.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; '))
    this.problems = problems
  }
}
