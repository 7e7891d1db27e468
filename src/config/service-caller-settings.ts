import { apiScopes, type ServiceCaller } from '../model/api-key.ts'
import { parseDid } from '../model/ids.ts'
import { integer, type Setting, SettingProblem } from './setting.ts'

/** The settings of those who call without a key. What each means stands in `serviceCallerSettings`. */
export type ServiceCallerConfig = {
  readonly serviceCallers: readonly ServiceCaller[]
  readonly serviceCallerRate: number
}

/** The settings of those who call without a key, as `settings.ts` has them. */
export const serviceCallerSettings: {
  readonly [Name in keyof ServiceCallerConfig]: Setting<ServiceCallerConfig[Name]>
} = {
  serviceCallers: serviceCallers(
    'Accounts and services that may call tools.harrier.* without a key, with tokens of their own (docs/XRPC.md): each DID with its scopes, such as did:plc:…=hash+match,did:web:…=match',
  ),
  serviceCallerRate: integer(600, {
    min: 1,
    max: 1_000_000,
    doc: 'Requests that each of HARRIER_SERVICE_CALLERS may make in a minute; one more is refused with 429',
  }),
}

function serviceCallers(doc: string): Setting<readonly ServiceCaller[]> {
  return {
    parse(value) {
      const callers = value.split(',').map(parseCaller)
      const twice = callers.find(({ did }, i) => callers.findIndex((other) => other.did === did) < i)
      if (twice) throw new SettingProblem('each DID once', JSON.stringify(twice.did))
      return callers
    },
    default: [],
    defaultText: '',
    doc,
  }
}

function parseCaller(text: string): ServiceCaller {
  const [name, words = '', ...more] = text.trim().split('=')
  const did = parseDid(name)
  const wanted = words.split('+')
  const scopes = apiScopes.filter((scope) => wanted.includes(scope))
  const isKnown = wanted.every((word) => apiScopes.some((scope) => scope === word))
  if (did && isKnown && scopes.length > 0 && more.length === 0) return { did, scopes }
  const shown = text.length > 60 ? `${text.slice(0, 59)}…` : text
  const form = `DIDs with some of ${apiScopes.join(', ')}, such as did:plc:…=hash+match,did:web:…=match`
  throw new SettingProblem(form, JSON.stringify(shown))
}
