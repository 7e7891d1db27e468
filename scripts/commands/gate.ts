import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { createLogger } from '../../src/lib/logger.ts'
import { textOption } from '../lib/arguments.ts'
import type { Command } from '../lib/command.ts'

/** `harrier gate`: the upload gate, in a process of its own. */
export const gateCommand: Command = {
  name: 'gate',
  summary: 'stand before a PDS and refuse uploads of pictures that a policy blocks',
  parameters: '',
  arity: [0, 0],
  options: {
    pds: {
      type: 'string',
      value: 'URL',
      help: 'the PDS to stand before, such as http://127.0.0.1:2583',
      defaultText: 'HARRIER_GATE_PDS',
    },
    port: { type: 'string', value: 'N', help: 'port to listen on', defaultText: 'HARRIER_GATE_PORT' },
    host: {
      type: 'string',
      value: 'ADDRESS',
      help: 'address to listen on',
      defaultText: 'HARRIER_GATE_HOST',
    },
    others: {
      type: 'string',
      value: 'pass|refuse',
      help: 'requests that are no upload: passed on to the PDS, or answered 404',
      defaultText: 'HARRIER_GATE_OTHERS',
    },
    unjudged: {
      type: 'string',
      value: 'pass|refuse',
      help: 'uploads without a verdict: passed and remembered, or refused',
      defaultText: 'HARRIER_GATE_UNJUDGED',
    },
  },
  notes: [
    'A reverse proxy for com.atproto.repo.uploadBlob. Each upload is compared with the banks while the PDS waits for its\n' +
      'body; one whose match has the effect "block" in the policy file (HARRIER_POLICY_FILE) is answered 400 with the XRPC\n' +
      'error ContentPolicyViolation, and no byte of the picture reaches the PDS. Everything else passes byte for byte.',
    'It works on the data folder of the service (HARRIER_DATA_DIR), beside it or without it, and takes up changes of the\n' +
      'banks at once. Uploads that were passed without a verdict are remembered there; the service looks at them later.\n' +
      'Every other setting, with its bounds: HARRIER_GATE_… in docs/CONFIG.md. Set up with Caddy or nginx: docs/INTEGRATION.md.',
    'The log goes to standard output; metrics (Prometheus) are at HARRIER_OPERATOR_HOST, port HARRIER_GATE_METRICS_PORT.\n' +
      'Ctrl-C or SIGTERM ends it in order: uploads that are under way have two seconds.',
  ],
  examples: [
    'gate --pds http://127.0.0.1:2583',
    'gate --pds http://127.0.0.1:2583 --others refuse --unjudged refuse',
  ],
  exits: {
    0: 'ended by a signal',
    1: 'failed: the settings are not usable, or something that it owns broke',
  },
  async run(args) {
    const given = Object.entries({
      HARRIER_GATE_PDS: textOption(args, 'pds'),
      HARRIER_GATE_PORT: textOption(args, 'port'),
      HARRIER_GATE_HOST: textOption(args, 'host'),
      HARRIER_GATE_OTHERS: textOption(args, 'others'),
      HARRIER_GATE_UNJUDGED: textOption(args, 'unjudged'),
    }).filter(([, value]) => value !== undefined)
    const { config, secrets } = parseConfig({ ...readEnv(), ...Object.fromEntries(given) })
    // Help and wrong usage need none of this.
    const { openGateProcess } = await import('../../src/gate-process.ts')
    const { abortOnSignals } = await import('../lib/abort-on-signals.ts')
    const logger = createLogger(config.logLevel)
    using interrupt = abortOnSignals()
    const stop = new Promise<void>((resolve) => {
      interrupt.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    await using gate = await openGateProcess(config, secrets, { logger })
    logger.info({ url: gate.url, metricsUrl: gate.metricsUrl }, 'gate.ready')
    await Promise.race([stop, gate.failure])
    return 0
  },
}
