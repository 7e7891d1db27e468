import { hasOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { printable } from '../lib/terminal.ts'
import { importDemo } from './demo-parts.ts'

/** `harrier demo watch`: subscribe to a labeler and check what it sends. */
export const demoWatchCommand: Command = {
  name: 'demo watch',
  summary: 'subscribe to a labeler and check its signatures',
  parameters: 'URL',
  arguments: { URL: 'where the labeler serves its labels, http:// or https://' },
  arity: [1, 1],
  options: {
    plc: { type: 'string', value: 'URL', help: 'the PLC directory', defaultText: 'https://plc.directory' },
    ...jsonOption,
  },
  notes: ['Starts with the labeler’s first label and goes on until Ctrl-C. JSON: seq, isVerified, label.'],
  examples: ['demo watch http://localhost:3000 --plc http://localhost:2582'],
  async run(args, terminal) {
    const [serviceUrl = ''] = args.positionals
    const plcUrl = textOption(args, 'plc') ?? 'https://plc.directory'
    for (const url of [serviceUrl, plcUrl]) {
      if (!URL.canParse(url)) throw new UsageError(`Expected a URL but received ${JSON.stringify(url)}`)
    }
    const { followLabels } = await importDemo(() => import('../demo/follow-labels.ts'))
    const { abortOnSignals } = await import('../lib/abort-on-signals.ts')
    using interrupt = abortOnSignals()
    for await (const { seq, label, isVerified } of followLabels({
      serviceUrl,
      plcUrl,
      signal: interrupt.signal,
    })) {
      const { sig: _, ...fields } = label
      const verdict = isVerified ? terminal.style('green', 'verified') : terminal.style('red', 'NOT VERIFIED')
      const line = `${seq}  ${verdict}  ${printable(`${label.neg ? 'not ' : ''}${label.val}  ${label.uri}`)}`
      terminal.out(hasOption(args, 'json') ? JSON.stringify({ seq, isVerified, label: fields }) : line)
    }
    return 0
  },
}
