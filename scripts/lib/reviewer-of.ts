import { userInfo } from 'node:os'
import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { isPersonName } from '../../src/config/person-settings.ts'
import type { Reviewer } from '../../src/model/review-decision.ts'
import { type Arguments, hasOption, textOption, UsageError } from './arguments.ts'
import type { Option } from './command.ts'

/** The option that says who gives the command. */
export const asOption: { readonly as: Option } = {
  as: {
    type: 'string',
    value: 'NAME',
    help: 'who you are, as the audit has it behind cli:',
    defaultText: 'HARRIER_ACTOR, else your user name',
  },
}

/** The option that overrides somebody else's claim. */
export const forceOption: { readonly force: Option } = {
  force: { type: 'boolean', help: 'although somebody else has claimed it; the audit says so' },
}

/** Returns who gives the command. @throws {UsageError} for a name that nobody can have. */
export function reviewerOf(args: Arguments): Reviewer {
  const name = textOption(args, 'as') ?? parseConfig(readEnv()).config.actor
  if (name !== undefined && !isPersonName(name))
    throw new UsageError(
      `Expected 1 to 64 of A-Z a-z 0-9 _ . @ - for --as but received ${JSON.stringify(name.slice(0, 100))}`,
    )
  return { actor: `cli:${name ?? ownName()}`, isForced: hasOption(args, 'force') }
}

/** What is no letter here, as in the names of a domain, becomes a hyphen. */
function ownName(): string {
  return userInfo()
    .username.replace(/[^\w.@-]/g, '-')
    .slice(0, 64)
}
