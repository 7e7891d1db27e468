import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { importSigningKey } from '../src/atproto/signing-key.ts'
import { parseConfig } from '../src/config/config.ts'
import type { Did, SubjectUri } from '../src/model/ids.ts'
import { labelBlurs, labelSettings, labelSeverities } from '../src/model/label-definition.ts'
import { signLabel } from '../src/publish/sign-labels.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Account } from './support/accounts.ts'
import {
  clientOf,
  type HydratedLabel,
  hydrateLabels,
  type PostOnScreen,
  showAccount,
  showPost,
  type Viewer,
} from './support/client.ts'
import { createLabelKey, type NewLabelKey, resolveLabelKey } from './support/label-key.ts'
import { postUri } from './support/label-rows.ts'
import { type ReceivedLabel, subscribeLabels, verifyLabel } from './support/label-subscriber.ts'
import { type Network, openNetwork } from './support/network.ts'
import { Owner } from './support/owner.ts'
import { openService, openServiceTools } from './support/service.ts'

type Definition = {
  readonly identifier: string
  readonly severity: (typeof labelSeverities)[number]
  readonly blurs: (typeof labelBlurs)[number]
  readonly defaultSetting: (typeof labelSettings)[number]
  readonly adultOnly: boolean
}

/** Every combination that the policy file allows. */
const definitions: readonly Definition[] = labelSeverities.flatMap((severity) =>
  labelBlurs.flatMap((blurs) =>
    labelSettings.flatMap((defaultSetting) =>
      [false, true].map((adultOnly) => {
        const identifier = [severity, blurs, defaultSetting, adultOnly ? 'adult' : 'all'].join('-')
        return { identifier, severity, blurs, defaultSetting, adultOnly }
      }),
    ),
  ),
)
/** A value that clients know, defined otherwise. */
const overridden: Definition = {
  identifier: 'graphic-media',
  severity: 'inform',
  blurs: 'none',
  defaultSetting: 'warn',
  adultOnly: false,
}
const alone = ['named-only', 'porn', 'nudity', '!hide', '!warn', '!no-unauthenticated', '!takedown']
const policy = {
  labels: [
    ...[...definitions, overridden].map((definition) => ({
      ...definition,
      locales: [{ lang: 'en', name: definition.identifier, description: 'As it says.' }],
    })),
    ...alone,
  ],
}
const vals = [...definitions, overridden].map(({ identifier }) => identifier).concat(alone)
const nothing = { list: '', view: '', media: '' }

describe("a subscriber's client", () => {
  let network: Network
  let owner: Owner
  let key: NewLabelKey
  let app: App
  let record: Record<string, unknown>
  let labels: HydratedLabel[]

  /** The post that carries the value alone. */
  const postOf = (val: string): string => postUri(vals.indexOf(val))
  const env = () => ({
    ...owner.env,
    HARRIER_SIGNING_KEY: key.privateHex,
    HARRIER_LABELER_DID: owner.account.did,
    HARRIER_PUBLIC_HOST: '127.0.0.1',
    HARRIER_PUBLIC_PORT: '0',
    HARRIER_OPERATOR_PORT: '0',
    HARRIER_HASH_PROCESSES: '1',
    HARRIER_JETSTREAM_URLS: `${network.jetstreamUrl}/subscribe`,
  })
  const show = (val: string, viewer: Viewer = {}): PostOnScreen => {
    const own = labels.filter(({ uri }) => uri === postOf(val))
    expect(own.length, val).toBe(1)
    return showPost(postOf(val), own, clientOf(owner.account.did, record, viewer))
  }

  beforeAll(async () => {
    network = await openNetwork()
    const account: Account = await network.createAccount('labeler.test')
    owner = new Owner(network, account)
    owner.writePolicy(JSON.stringify(policy))
    key = await createLabelKey()
    await owner.setUp({}, {}, env())
    record = await owner.record()
    app = await openService({ env: env() })
    await using tools = await openServiceTools({ env: env() })
    for (const val of vals) {
      await tools.publish({ uri: postOf(val) as SubjectUri, val })
      await tools.publish({ uri: accountOf(val), val })
    }
    labels = hydrateLabels(await stream(app.publicUrl, vals.length * 2), new Date())
  })
  afterAll(async () => {
    await app[Symbol.asyncDispose]()
    owner[Symbol.dispose]()
    await network[Symbol.asyncDispose]()
  })

  it('can verify every label with the key that setup put into the DID document', async () => {
    const didKey = await resolveLabelKey(network.plcUrl, owner.account.did)
    expect(didKey).toBe(key.didKey)
    const received = await stream(app.publicUrl, vals.length * 2)
    for (const label of received) expect(await verifyLabel(label, key.didKey)).toBe(true)
    expect(received).toHaveLength(vals.length * 2)
  })

  it.each(definitions)('does with $identifier on a post what its definition says', (definition) => {
    for (const isAdult of [false, true])
      expect(show(definition.identifier, { isAdult })).toEqual(postBy(definition, isAdult))
  })

  it.each(definitions)('does with $identifier on an account what its definition says', (definition) => {
    const did = accountOf(definition.identifier)
    const own = labels.filter(({ uri }) => uri === did)
    expect(own).toHaveLength(1)
    for (const isAdult of [false, true]) {
      const client = clientOf(owner.account.did, record, { isAdult })
      expect(showAccount(did, own, client)).toEqual(accountBy(definition, isAdult))
    }
  })

  it('lets the user choose otherwise, and ignores a labeler that it is not subscribed to', () => {
    const [quiet, loud] = ['alert-content-ignore-all', 'alert-content-hide-all']
    expect(show(quiet, { choices: { [quiet]: 'hide' } }).list).toBe('left out, covered')
    expect(show(loud, { choices: { [loud]: 'warn' } }).list).toBe('covered')
    expect(show(loud, { choices: { [loud]: 'ignore' } })).toEqual(nothing)
    for (const val of vals) expect(show(val, { isSubscribed: false }), val).toEqual(nothing)
  })

  it('warns before the images of a value that the policy only names', () => {
    expect(show('named-only')).toEqual({ list: '', view: '', media: 'covered' })
  })

  it('does with global values what it knows of them, or what the policy defines in their place', () => {
    expect(show('porn')).toEqual({ list: 'left out', view: '', media: 'covered, final' })
    expect(show('porn', { isAdult: true })).toEqual({ list: 'left out', view: '', media: 'covered' })
    expect(show('nudity')).toEqual(nothing)
    expect(show('graphic-media')).toEqual({ list: 'inform', view: 'inform', media: '' })
  })

  it('obeys reserved values, which no definition changes', () => {
    const hidden = { list: 'left out, covered, final', view: 'covered, final', media: '' }
    expect(show('!hide')).toEqual(hidden)
    expect(show('!hide', { choices: { '!hide': 'ignore' } })).toEqual(hidden)
    expect(show('!warn')).toEqual({ list: 'covered', view: 'covered', media: '' })
    expect(show('!no-unauthenticated')).toEqual(nothing)
    expect(show('!takedown')).toEqual(nothing) // an AppView's affair
    const defined = record['policies'] as { labelValueDefinitions: Definition[] }
    expect(defined.labelValueDefinitions.filter(({ identifier }) => identifier.startsWith('!'))).toEqual([])
  })

  it('shows nothing of labels that were withdrawn or have expired, and shows those that expire later', async () => {
    const [withdrawn, expired, fleeting, back] = [1, 2, 3, 4].map((n) => postUri(1000 + n)) as [
      SubjectUri,
      SubjectUri,
      SubjectUri,
      SubjectUri,
    ]
    const val = 'alert-content-hide-all'
    const before = vals.length * 2
    await using tools = await openServiceTools({ env: env() })
    for (const uri of [withdrawn, back]) {
      await tools.publish({ uri, val })
      await tools.publish({ uri, val, neg: true })
    }
    await tools.publish({ uri: back, val })
    const [now, hour] = [Date.now(), 3_600_000]
    await append({ uri: expired, val, exp: new Date(now - hour).toISOString() })
    await append({ uri: fleeting, val, exp: new Date(now + hour).toISOString() })

    const received = (await stream(app.publicUrl, before + 7)).slice(before)
    const client = clientOf(owner.account.did, record)
    const screens = (subjects: readonly string[], held: readonly HydratedLabel[]) =>
      subjects.map(
        (uri) =>
          showPost(
            uri,
            held.filter((label) => label.uri === uri),
            client,
          ).list,
      )
    const subjects = [withdrawn, expired, fleeting, back]
    // Without the AppView's rules each of them would be shown: a client goes by what it is sent.
    expect(screens(subjects, received)).toEqual(Array.from(subjects, () => 'left out, covered'))
    const wanted = ['', '', 'left out, covered', 'left out, covered']
    expect(screens(subjects, hydrateLabels(received, new Date(now)))).toEqual(wanted)
    expect(screens(subjects, hydrateLabels(received, new Date(now + 2 * hour)))).toEqual([
      ...wanted.slice(0, 2),
      '',
      'left out, covered',
    ])
    expect(screens(subjects, await queryLabels(app.publicUrl, subjects))).toEqual(wanted)
  })

  /** Writes a label beside the running service, which notices it. */
  async function append(fields: { uri: SubjectUri; val: string; exp: string }): Promise<void> {
    const { config } = parseConfig(env())
    await using database = await openSqlite({ path: `${config.dataDir}/harrier.db` })
    const signer = await importSigningKey(key.privateHex)
    const cts = new Date().toISOString()
    const label = await signLabel(signer, { src: owner.account.did as Did, cts, ...fields })
    await database.transaction(async ({ labels: rows }) => await rows.append([label]))
  }
})

/** The model: what the definition's words mean for a post, from the lexicon's descriptions. */
function postBy(definition: Definition, isAdult: boolean): PostOnScreen {
  const { isOff, isLeftOut, sign, isFinal } = meaningOf(definition, isAdult)
  if (isOff) return nothing
  const media = picture(definition, isFinal)
  const said = say(false, false, sign, false)
  const screens: Record<Definition['blurs'], PostOnScreen> = {
    content: {
      list: say(isLeftOut, true, false, isFinal),
      // The open post says what it is; that of an adult value is covered instead.
      view: definition.adultOnly ? say(false, true, false, isFinal) : said,
      media,
    },
    media: { list: say(isLeftOut, false, false, false), view: '', media },
    none: { list: say(isLeftOut, false, sign, false), view: said, media },
  }
  return screens[definition.blurs]
}

/** The same for an account: its pictures are its media, and its name is never covered. */
function accountBy(definition: Definition, isAdult: boolean): ReturnType<typeof showAccount> {
  const { isOff, isLeftOut, sign, isFinal } = meaningOf(definition, isAdult)
  if (isOff) return { ...nothing, avatar: '', banner: '' }
  return {
    list: say(isLeftOut, false, sign, false),
    view: say(false, false, sign, false),
    avatar: picture(definition, isFinal),
    banner: picture(definition, isFinal),
    media: '',
  }
}

type Meaning = {
  readonly isOff: boolean
  readonly isLeftOut: boolean
  readonly sign: 'inform' | 'alert' | false
  readonly isFinal: boolean
}

function meaningOf({ severity, defaultSetting, adultOnly }: Definition, isAdult: boolean): Meaning {
  const isFinal = adultOnly && !isAdult
  return {
    isOff: defaultSetting === 'ignore' && !isFinal,
    isLeftOut: defaultSetting === 'hide' || isFinal,
    sign: severity === 'none' ? false : severity,
    isFinal,
  }
}

function picture({ blurs }: Definition, isFinal: boolean): string {
  return say(false, blurs === 'media', false, blurs === 'media' && isFinal)
}

function say(isLeftOut: boolean, isCovered: boolean, sign: string | false, isFinal: boolean): string {
  return [isLeftOut && 'left out', isCovered && 'covered', sign, isFinal && 'final']
    .filter(Boolean)
    .join(', ')
}

/** Each value has an account of its own, too. */
function accountOf(val: string): Did {
  const letters = Array.from(String(vals.indexOf(val)), (digit) => 'abcdefghij'[Number(digit)])
  return `did:plc:${letters.join('').padStart(24, 'z')}` as Did
}

async function stream(serviceUrl: string, count: number): Promise<ReceivedLabel[]> {
  const received: ReceivedLabel[] = []
  const enough = new AbortController()
  for await (const { labels } of subscribeLabels(serviceUrl, { cursor: 0, signal: enough.signal })) {
    received.push(...labels)
    if (received.length >= count) enough.abort()
  }
  return received
}

async function queryLabels(serviceUrl: string, uris: readonly string[]): Promise<HydratedLabel[]> {
  const query = new URLSearchParams(uris.map((uri): [string, string] => ['uriPatterns', uri]))
  const response = await fetch(`${serviceUrl}/xrpc/com.atproto.label.queryLabels?${query.toString()}`)
  return ((await response.json()) as { labels: HydratedLabel[] }).labels
}
