import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import type { Config } from '../../src/config/settings.ts'
import type { Setup, SetupRequest } from '../../src/setup.ts'
import { type Arguments, hasOption, textOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { formatSetup, formatSetupJson, type SetupState } from '../lib/format-setup.ts'
import { createOwnerAnswers } from '../lib/owner-answers.ts'
import { openPrompt, type Prompt } from '../lib/prompt.ts'
import type { Terminal } from '../lib/terminal.ts'

/** `harrier setup`: from an account to a labeler. */
export const setupCommand: Command = {
  name: 'setup',
  summary: 'make an account a labeler, or bring what it declares up to date',
  parameters: '[HANDLE|DID]',
  arguments: { 'HANDLE|DID': 'the labeler’s account; HARRIER_LABELER_DID unless given' },
  arity: [0, 1],
  options: {
    'dry-run': { type: 'boolean', help: 'show what would change, ask for nothing and write nothing' },
    url: {
      type: 'string',
      value: 'URL',
      help: 'where the world reaches the public listener, https and no path',
      defaultText: 'HARRIER_PUBLIC_URL',
    },
    pds: {
      type: 'string',
      value: 'URL',
      help: 'a host that knows the handle, where nobody else resolves it',
    },
    'plc-token': { type: 'string', value: 'TOKEN', help: 'the token that an earlier run had mailed' },
    replace: { type: 'boolean', help: 'replace another label key or address in the DID document' },
    prune: { type: 'boolean', help: 'drop label values that the record has and the policy file has not' },
    ...jsonOption,
  },
  notes: [
    'Adds the label key and the labeler’s address to the account’s DID document, and publishes the labels of the policy\n' +
      'file as its record. Nothing else there changes, and nothing is written before it was shown. The key is that of\n' +
      'HARRIER_SIGNING_KEY, or of signing-key.hex in the data folder; only if there is none, one is made. Safe to run again:\n' +
      'what holds already is not done twice, and a run that was interrupted goes on. Run it after each change of labels.',
    'It asks for the account’s password, for a code if the account has a second factor, and for the token that the host\n' +
      'mails before it signs a change of the DID document. An app password does where only the record changes. A script\n' +
      'sets HARRIER_ACCOUNT_PASSWORD, or writes the answers to standard input, one a line. Nothing of that is stored.',
    'The DID document of a did:web is only checked, for it is changed by who serves it: harrier serve does, for the host\n' +
      'of HARRIER_PUBLIC_URL. JSON: one object with state (planned, conflict, unchanged, done), did, endpoint, labelKey,\n' +
      'document and record (lists of at, before, after), and kept.',
  ],
  examples: [
    'setup labels.example.com --dry-run',
    'setup labels.example.com --url https://labels.example.com',
    'setup did:plc:… --plc-token ABCDE-FGHIJ --json',
  ],
  exits: {
    0: 'the account is a labeler; or --dry-run has shown what is missing',
    1: 'failed: something would be replaced, a setting is missing, or the host or the directory refused',
  },
  async run(args, terminal) {
    const { config, secrets } = parseConfig(readEnv())
    const { openSetup } = await import('../../src/setup.ts')
    using prompt = openPrompt()
    const request = await completeRequest(args, config, prompt)
    const setup = await openSetup(config, secrets, request, new AbortController().signal)
    const isJson = hasOption(args, 'json')
    const end = (state: SetupState, labelKey = setup.labelKey): void => {
      if (isJson) terminal.out(formatSetupJson({ ...setup, labelKey }, state))
    }
    if (!isJson) for (const line of formatSetup(setup, terminal)) terminal.out(line)
    if (setup.conflict) {
      end('conflict')
      throw setup.conflict
    }
    if (hasOption(args, 'dry-run') || setup.isDone) {
      end(setup.isDone ? 'unchanged' : 'planned')
      if (!isJson) tellState(setup, config, terminal)
      return 0
    }
    const given = { password: secrets.accountPassword, plcToken: textOption(args, 'plc-token') }
    const tell = (line: string) => (isJson ? terminal.err(line) : terminal.out(line))
    if (!isJson) terminal.out('')
    end('done', await setup.apply(createOwnerAnswers(prompt, given, tell)))
    if (!isJson) tellNext(setup, config, terminal)
    return 0
  },
}

/** What is in neither the arguments nor the settings is asked for, where somebody is there to answer. */
async function completeRequest(args: Arguments, config: Config, prompt: Prompt): Promise<SetupRequest> {
  const ask = async (question: string) => (prompt.isInteractive ? await prompt.ask(question) : undefined)
  const account = args.positionals[0] ?? config.labelerDid
  const url = textOption(args, 'url') ?? config.publicUrl
  return {
    account: account ?? (await ask('Handle or DID of the labeler’s account: ')),
    url:
      url ??
      (await ask(
        'Address under which the world will reach the labeler, such as https://labels.example.com: ',
      )),
    pdsUrl: textOption(args, 'pds'),
    isPruned: hasOption(args, 'prune'),
    isReplacing: hasOption(args, 'replace'),
  }
}

function tellState(setup: Setup, config: Config, terminal: Terminal): void {
  if (setup.isDone) tellNext(setup, config, terminal)
  else terminal.out('\nThat is what would change. Nothing was written.')
}

/** What is left for the person to do: a key to keep, settings that only the command line knew, the service itself. */
function tellNext({ did, endpoint, labelKey, keyPlace }: Setup, config: Config, terminal: Terminal): void {
  const settings = [
    config.labelerDid === undefined && `HARRIER_LABELER_DID=${did}`,
    config.publicUrl === undefined && `HARRIER_PUBLIC_URL=${endpoint}`,
  ].filter((line) => line !== false)
  terminal.out('')
  if (labelKey === undefined)
    terminal.out(`A key was made: back up ${keyPlace}, for nothing else can sign labels of this labeler.`)
  if (settings.length > 0) for (const line of ['Put this into .env:', ...settings]) terminal.out(line)
  terminal.out(`${did} is a labeler. Its labels are served when harrier serve runs behind ${endpoint}.`)
}
