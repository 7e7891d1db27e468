import type { ActionKind, TargetFacts } from '../../src/model/target.ts'
import { UsageError } from './arguments.ts'

/** Returns the target that is named, or the only one that can do it. @throws {UsageError} for none, or one of several. */
export function chooseTarget(
  targets: readonly TargetFacts[],
  kind: ActionKind,
  named: string | undefined,
  option: string,
): string {
  if (named !== undefined) return named
  const able = targets.filter(({ can }) => can.has(kind)).map(({ id }) => id)
  const [only] = able
  if (only !== undefined && able.length === 1) return only
  throw new UsageError(
    able.length === 0
      ? `Expected a target in HARRIER_TARGETS that does a ${kind}, but there is none`
      : `Expected ${option} with one of ${able.join(', ')}`,
  )
}
