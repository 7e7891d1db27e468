/** One field of a form for an exchange. */
type Field = {
  readonly name: string
  readonly type: string
  readonly required: boolean
  readonly default: unknown
  readonly help: string | null
  readonly choices: readonly string[] | null
}

/** What an exchange of one kind is set up with: its own settings, and the credentials for its service where it has any. */
export type ExchangeApi = { readonly config: readonly Field[]; readonly credentials: readonly Field[] | null }

/** Environments of NCMEC's hash sharing: production, then test. */
const ncmecEnvironments = [
  'https://report.cybertip.org/hashsharing',
  'https://report.cybertip.org/exploitative-hashsharing',
  'https://lesp.ncmec.org/csam-hashsharing',
  'https://hashsharing.ncmec.org/npo',
  'https://hashsharing.ncmec.org/exploitative',
  'https://hashsharing.ncmec.org/generative-ai-csam',
  'https://hashsharing.ncmec.org/generative-ai-exploitative',
  'https://exttest.cybertip.org/hashsharing',
  'https://exttest.cybertip.org/exploitative-hashsharing',
  'https://betalesp.ncmec.org/csam-hashsharing',
  'https://hashsharing-test.ncmec.org/npo',
  'https://hashsharing-test.ncmec.org/exploitative',
  'https://hashsharing-test.ncmec.org/generative-ai-csam',
  'https://hashsharing-test.ncmec.org/generative-ai-exploitative',
]

/** The kinds of exchange by the names that Hasher-Matcher-Actioner has for them. */
export const exchangeApis: Readonly<Record<string, ExchangeApi>> = {
  sample: { config: [], credentials: null },
  fb_threatexchange: {
    config: [required('privacy_group', 'number', 'The number of the privacy group')],
    credentials: [required('api_token', 'string', 'The token of the app: its id, |, its secret')],
  },
  ncmec: {
    config: [
      { ...required('environment', 'enum', 'Where hashes are shared'), choices: ncmecEnvironments },
      optional('only_esp_ids', 'set_of_number', [], 'Only hashes of these members'),
    ],
    credentials: [required('user', 'string'), required('password', 'string')],
  },
  stop_ncii: {
    config: [],
    credentials: [
      required('fetch_function_key', 'string'),
      required('subscription_key', 'string'),
      optional('base_url_override', 'string', null, 'Another address of the service'),
    ],
  },
  tat: { config: [], credentials: [required('username', 'string'), required('password', 'string')] },
  local_file: {
    config: [
      required('filename', 'string', 'The file of hashes'),
      optional('signal_type', 'string', null, 'What its hashes are'),
    ],
    credentials: null,
  },
}

function required(name: string, type: string, help: string | null = null): Field {
  return { name, type, required: true, default: null, help, choices: null }
}

function optional(name: string, type: string, fallback: unknown, help: string): Field {
  return { name, type, required: false, default: fallback, help, choices: null }
}
