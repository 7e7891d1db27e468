import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { AppError } from '../../src/lib/errors.ts'
import type { PastSubscription, Subscription } from '../../src/model/subscription.ts'
import { hasOption, integerOption, textOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { formatTable, printable, type Terminal } from '../lib/terminal.ts'

const [defaultLimit, maxLimit] = [20, 1000]

/** What `/subscribers` answers. */
type Answer = {
  readonly lastSeq: number
  readonly now: readonly (Subscription & { readonly lag: number })[]
  readonly history: readonly PastSubscription[]
}

/** `harrier subscribers`: who follows the labels. */
export const subscribersCommand: Command = {
  name: 'subscribers',
  summary: 'show who follows the labels, and who did',
  parameters: '',
  arity: [0, 0],
  options: {
    limit: {
      type: 'string',
      value: 'N',
      help: `how many past subscriptions, 1 to ${maxLimit}`,
      defaultText: String(defaultLimit),
    },
    url: {
      type: 'string',
      value: 'URL',
      help: 'the operator listener of the running service',
      defaultText: 'HARRIER_OPERATOR_HOST and HARRIER_OPERATOR_PORT',
    },
    ...jsonOption,
  },
  notes: [
    'Asks the running service. An address is never kept, only its class: loopback, private or public; behind a proxy, that of\n' +
      'the address in X-Forwarded-For. lag is how many seqs the position lies behind the newest. Past subscriptions ended by\n' +
      'peer, shutdown, lost (the service died), refused (a bad cursor), too-slow, no-pong or fault.',
    'JSON: one object: lastSeq, now and history.',
  ],
  examples: ['subscribers', 'subscribers --limit 100 --json'],
  exits: { 0: 'somebody is subscribed', 3: 'nobody is subscribed now' },
  async run(args, terminal) {
    const limit = integerOption(args, 'limit', 1, maxLimit) ?? defaultLimit
    const answer = await fetchSubscribers(textOption(args, 'url') ?? operatorUrl(), limit)
    if (hasOption(args, 'json')) terminal.out(JSON.stringify(answer))
    else print(answer, terminal)
    return answer.now.length > 0 ? 0 : 3
  },
}

function operatorUrl(): string {
  const { operatorHost, operatorPort } = parseConfig(readEnv()).config
  const host = operatorHost === '0.0.0.0' || operatorHost === '::' ? '127.0.0.1' : operatorHost
  return `http://${host.includes(':') ? `[${host}]` : host}:${operatorPort}`
}

async function fetchSubscribers(url: string, limit: number): Promise<Answer> {
  const response = await fetch(`${url}/subscribers?limit=${limit}`, {
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    const message = `Expected the operator listener of a running service at ${url} but nothing answers there; --url names another`
    throw new AppError('unavailable', message, { cause })
  })
  if (response.ok) return (await response.json()) as Answer
  throw new AppError('upstream', `Expected subscribers from ${url} but received status ${response.status}`)
}

function print({ lastSeq, now, history }: Answer, terminal: Terminal): void {
  terminal.out(`${now.length} subscribed now; the newest seq is ${lastSeq}`)
  if (now.length > 0) {
    const rows = now.map((one) => [
      nameOf(one),
      one.address,
      one.startedAt,
      numberOf(one.cursor),
      numberOf(one.position),
      String(one.lag),
      String(one.labels),
    ])
    const heading = ['user agent', 'address', 'since', 'cursor', 'position', 'lag', 'labels']
    for (const line of formatTable([heading, ...rows])) terminal.out(line)
  }
  if (history.length === 0) return
  const rows = history.map((one) => [
    nameOf(one),
    one.address,
    one.startedAt,
    one.endedAt ?? '',
    one.end ?? '',
    numberOf(one.cursor),
    numberOf(one.position),
    String(one.labels),
  ])
  terminal.out('')
  const heading = ['before', 'address', 'since', 'until', 'ended by', 'cursor', 'position', 'labels']
  for (const line of formatTable([heading, ...rows])) terminal.out(line)
}

function nameOf({ userAgent }: Pick<Subscription, 'userAgent'>): string {
  return userAgent === undefined ? '(unnamed)' : printable(userAgent)
}

function numberOf(seq: number | undefined): string {
  return seq === undefined ? '-' : String(seq)
}
