import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import type { Did } from '../../src/model/ids.ts'
import type { UpdateDocument } from '../../src/tools.ts'
import { abortOnSignals } from '../lib/abort-on-signals.ts'
import { type Arguments, hasOption, textOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { createOwnerAnswers } from '../lib/owner-answers.ts'
import { openPrompt, type Prompt } from '../lib/prompt.ts'
import type { Terminal } from '../lib/terminal.ts'

/** `harrier key rotate`: change the label key. */
export const keyRotateCommand: Command = {
  name: 'key rotate',
  summary: 'change the label key',
  parameters: '',
  arity: [0, 0],
  options: {
    'by-hand': {
      type: 'boolean',
      help: 'do not sign in; say what to write into the DID document, and wait for it',
    },
    'plc-token': { type: 'string', value: 'TOKEN', help: 'the token that an earlier run had mailed' },
    again: { type: 'boolean', help: 'change the key though that was done within the hour' },
    ...jsonOption,
  },
  notes: [
    'Makes a new key in the data folder, holds labels back while the DID document is changed to it, and makes it the live\n' +
      'one as soon as the document names it. All published labels are then signed anew, with their seq and cts as they\n' +
      'were: those that are read at once, the others by the running service. Reading, looking at images and labeling go\n' +
      'on all the time; subscribers stay connected and wait.',
    'For a did:plc it asks for the account’s password (or takes HARRIER_ACCOUNT_PASSWORD) and for the token that the host\n' +
      'mails, as harrier setup does; nothing else in the document changes. A did:web whose document Harrier serves changes\n' +
      'by itself. For others, and with --by-hand, the command says what to write into the document, and waits up to ten\n' +
      'minutes for it. It may be stopped, or die, at any moment: run it again, and it goes\n' +
      'on with the same key. A change that was completed within the hour is reported, and no other is begun.',
    'JSON: didKey (the live key), retired (the one before it), stale (labels still to be signed anew).',
  ],
  examples: ['key rotate'],
  async run(args, terminal) {
    using interruption = abortOnSignals()
    using prompt = openPrompt()
    await using tools = await openCommandTools()
    const update = await createUpdate(args, tools.did, prompt, terminal, interruption.signal)
    const rotation = await tools.key.rotate(
      { update, isAgain: hasOption(args, 'again') },
      interruption.signal,
    )
    if (hasOption(args, 'json')) {
      terminal.out(JSON.stringify(rotation))
      return 0
    }
    terminal.out(`labels are signed with ${rotation.didKey}`)
    terminal.out(
      rotation.retired === undefined
        ? 'it became that within the hour, and nothing was done; --again changes the key once more'
        : `${rotation.retired} is retired, and its private half removed from the data folder`,
    )
    if (rotation.stale > 0)
      terminal.out(`${rotation.stale} labels are signed anew by the running service; see harrier key list`)
    terminal.out(
      'back up signing-key.hex, and remove HARRIER_SIGNING_KEY if it is set: it holds the retired key',
    )
    return 0
  },
}

async function createUpdate(
  args: Arguments,
  did: Did,
  prompt: Prompt,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<UpdateDocument> {
  if (!did.startsWith('did:plc:') || hasOption(args, 'by-hand')) return updateByHand(terminal)
  const { config, secrets } = parseConfig(readEnv())
  const { createOwnerUpdate, openAccountNetwork } = await import('../../src/owner-update.ts')
  const given = { password: secrets.accountPassword, plcToken: textOption(args, 'plc-token') }
  const answers = createOwnerAnswers(prompt, given, terminal.err)
  return createOwnerUpdate(openAccountNetwork(config, signal), did, answers, signal)
}

/** Says what to write into the document, since whoever can change it is not here. */
function updateByHand(terminal: Terminal): UpdateDocument {
  return async (nextKey, { hold }) => {
    await hold()
    terminal.err(
      'Labels are held back. Change the DID document now:\n' +
        `  verification method #atproto_label: ${nextKey.slice('did:key:'.length)}\n` +
        `  (in a PLC operation: verificationMethods.atproto_label = ${nextKey})\n` +
        'Waiting for it, up to ten minutes; Ctrl-C gives up and serves labels with the old key again.',
    )
  }
}
