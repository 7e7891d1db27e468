/**
 * The policy file's front door.
 *
 * Owns: what the file may say (`policy-file.ts`, `policy-effects.ts`, `policy-labels.ts`), its problems with their lines, and its
 * description for people and for editors. Leaves to others: what a policy calls for (`model/policy.ts`), and the banks that it names.
 * Invariants: every problem is told at once; a file that was read means the same in every version that can read it.
 */
import { AppError } from '../lib/errors.ts'
import type { Policy } from '../model/policy.ts'
import { type PolicyProblem, readPolicyDocument } from './policy-document.ts'
import { policyFile, policyOfFile } from './policy-file.ts'
import { type Destinations, problemsBetween, problemsOfIssue } from './policy-problems.ts'

/** The policy file is not usable; the message lists every problem with its line, `problems` for machines. */
export class PolicyError extends AppError {
  override readonly name = 'PolicyError'
  readonly problems: readonly PolicyProblem[]
  constructor(file: string, problems: readonly PolicyProblem[]) {
    const lines = problems.map((problem) => `  ${formatProblem(problem)}`)
    super('invalid', `Expected a usable policy in ${file} but received:\n${lines.join('\n')}`)
    this.problems = problems
  }
}

/** What Harrier does without a policy file: every match is logged, nothing is published. */
export const cautiousPolicy: Policy = {
  labels: [],
  definitions: [],
  reports: {},
  banks: [],
  otherBanks: [{ distance: 256, effects: [{ kind: 'log' }] }],
}

/**
 * Returns the policy that a YAML text stands for. Banks that it does not name are logged only, unless it has `otherBanks`.
 * @throws {PolicyError} listing every problem, by line: syntax, unknown keys, values out of bounds, labels that are not declared,
 * tiers that never decide, and, where `destinations` is given, targets and endpoints that are not among them.
 */
export function parsePolicy(text: string, file: string, destinations?: Destinations): Policy {
  const document = readPolicyDocument(text)
  if ('problems' in document) throw new PolicyError(file, document.problems)
  const { value, lineOf } = document
  const parsed = policyFile.safeParse(value)
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap((issue) => problemsOfIssue(issue, value)),
    ...problemsBetween(value, lineOf, destinations),
  ]
    .map(({ path, message }) => ({ line: lineOf(path), path: path.join('.'), message }))
    .sort((a, b) => a.line - b.line)
  if (problems.length > 0 || parsed.data === undefined) throw new PolicyError(file, problems)
  return policyOfFile(parsed.data, cautiousPolicy.otherBanks)
}

/** Returns a problem as a line of text. */
export function formatProblem({ line, path, message }: PolicyProblem): string {
  return `line ${line}: ${path === '' ? '' : `${path}: `}${message}`
}
