import { createReadStream } from 'node:fs'
import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import type { ChainCheck } from '../../src/model/audit.ts'
import { abortOnSignals } from '../lib/abort-on-signals.ts'
import { type Arguments, hasOption, textOption, UsageError } from '../lib/arguments.ts'
import { didKeyOption, readSignedHead } from '../lib/audit-arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openExistingTools } from '../lib/open-command-tools.ts'
import { createProgress } from '../lib/progress.ts'
import { unusableFile } from '../lib/sources.ts'
import type { Terminal } from '../lib/terminal.ts'

/** `harrier audit verify`: whether the audit, or an export of it, is whole. */
export const auditVerifyCommand: Command = {
  name: 'audit verify',
  summary: 'prove that no row of the audit was changed, put in or taken away',
  parameters: '',
  arity: [0, 0],
  options: {
    head: {
      type: 'string',
      value: 'FILE',
      help: 'a head, or an export, that was signed earlier and is to be on the chain',
    },
    file: { type: 'string', value: 'FILE', help: 'verify this export instead of the database' },
    key: {
      type: 'string',
      value: 'DID_KEY',
      help: 'the label key that must have signed',
      defaultText: 'those that the database knows',
    },
    ...jsonOption,
  },
  notes: [
    'Each row has a hash over the one before it and itself. The first row that breaks the chain is named, with what was done:\n' +
      'changed, missing, added, or order. Without --head a chain that was made anew from some row on, by somebody who can write\n' +
      'to the database and to its bookkeeping, looks whole: keep heads elsewhere (harrier audit head).',
    '--file needs no database where --key names the key: #atproto_label of the labeler’s DID document when it was signed.',
    'JSON: one object: kind (intact or broken); rows, after and last (numbers with hashes), or row, fault and finding; of a\n' +
      'file also head.',
  ],
  examples: [
    'audit verify',
    'audit verify --head head-of-january.json',
    'audit verify --file audit.jsonl --key did:key:zQ3sh…',
  ],
  exits: {
    0: 'the chain is whole',
    1: 'it is not, or a signature is not by the key; standard error says what',
  },
  async run(args, terminal) {
    const [headFile, file] = [textOption(args, 'head'), textOption(args, 'file')]
    const key = didKeyOption(args, 'key')
    if (headFile !== undefined && file !== undefined)
      throw new UsageError('Expected --head, for the database, or --file, and not both')
    if (key !== undefined && headFile === undefined && file === undefined)
      throw new UsageError('Expected --key with --head or --file, which have signatures')
    return file === undefined
      ? await verifyDatabase(args, terminal, headFile, key)
      : await verifyFile(args, terminal, file, key)
  },
}

async function verifyDatabase(
  args: Arguments,
  terminal: Terminal,
  headFile: string | undefined,
  key: string | undefined,
): Promise<0 | 1> {
  const { parseSignedHead } = await import('../../src/tools.ts')
  const head = headFile === undefined ? undefined : await readSignedHead(headFile, parseSignedHead)
  using interrupt = abortOnSignals()
  await using tools = await openExistingTools()
  const show = createProgress(terminal, 'rows', { count: 0, done: 0, total: undefined })
  const check = await tools.audit.verify(
    { ...(head && { head }), ...(key !== undefined && { key }) },
    (done, total) => show({ count: done, done, total }),
    interrupt.signal,
  )
  const onChain =
    head && `row ${head.head.id}, signed at ${head.head.at} by ${head.head.key}, is on the chain`
  return tell(args, terminal, check, {}, onChain)
}

async function verifyFile(
  args: Arguments,
  terminal: Terminal,
  file: string,
  key: string | undefined,
): Promise<0 | 1> {
  const { verifyAuditFile } = await import('../../src/tools.ts')
  const { config } = parseConfig(readEnv())
  const show = createProgress(terminal, 'rows', { count: 0, done: 0, total: undefined })
  let rows = 0
  const onRow = (): void => {
    rows += 1
    if (rows % 1000 === 0) show({ count: rows, done: rows, total: undefined })
  }
  const { check, end } = await verifyAuditFile(config, chunksOf(file), { key, onRow })
  const signed = end && `signed at ${end.head.at} as ${end.head.did} by ${end.head.key}`
  return tell(args, terminal, check, end ? { head: end.head } : {}, signed)
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* createReadStream(file) as AsyncIterable<Uint8Array>
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw unusableFile(file, error)
  }
}

function tell(
  args: Arguments,
  terminal: Terminal,
  check: ChainCheck,
  more: Readonly<Record<string, unknown>>,
  also: string | undefined,
): 0 | 1 {
  if (hasOption(args, 'json')) terminal.out(JSON.stringify({ ...check, ...more }))
  else if (check.kind === 'intact') {
    const { after, rows, last } = check
    const which = rows === 0 ? '' : `, ${after.id + 1} to ${last.id}`
    terminal.out(`OK: ${rows} rows${which}; head ${last.hash}`)
    if (also !== undefined) terminal.out(also)
  } else terminal.err(`harrier: the audit is broken at row ${check.row} (${check.fault}): ${check.finding}`)
  return check.kind === 'intact' ? 0 : 1
}
