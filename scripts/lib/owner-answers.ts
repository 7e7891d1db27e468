import type { OwnerAnswers, OwnerStep } from '../../src/setup.ts'
import type { Prompt } from './prompt.ts'

/** What a command line brings along. */
export type GivenAnswers = {
  readonly password: string | undefined
  readonly plcToken: string | undefined
}

const steps: Readonly<Record<OwnerStep, string>> = {
  'signed-in': 'signed in',
  'token-mailed': 'a token was mailed to the address of the account',
  'document-updated': 'the DID document is updated, and the directory shows it',
  'record-published': 'the record is published',
}

/** Returns the answers of the command line, and those of whom the prompt asks for the rest; each step is told. */
export function createOwnerAnswers(
  prompt: Prompt,
  given: GivenAnswers,
  tell: (line: string) => void,
): OwnerAnswers {
  return {
    password: async () => given.password ?? (await prompt.askSecret('Password of the account: ')),
    factorToken: () => prompt.ask('Code that the account’s host has mailed: '),
    givenPlcToken: given.plcToken,
    plcToken: (isAgain) =>
      prompt.ask(
        isAgain
          ? 'That is not the token that was mailed last. Token: '
          : 'Token in the mail (or end here, and bring it along with --plc-token): ',
      ),
    onStep: (step) => tell(steps[step]),
  }
}
