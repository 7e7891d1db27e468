import type { ExchangeApi, ExchangeField } from '../model/exchange.ts'

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

/** The kinds of exchange, by the names that Hasher-Matcher-Actioner has for them, in its order. */
export const exchangeApis: readonly ExchangeApi[] = [
  { name: 'sample', config: [], credentials: undefined, isFetched: true },
  {
    name: 'fb_threatexchange',
    config: [required('privacy_group', 'number', 'The number of the privacy group')],
    credentials: [required('api_token', 'string', 'The token of the app: its id, |, its secret')],
    isFetched: false,
  },
  {
    name: 'ncmec',
    config: [
      { ...required('environment', 'enum', 'Where hashes are shared'), choices: ncmecEnvironments },
      optional('only_esp_ids', 'set_of_number', [], 'Only hashes of these members'),
    ],
    credentials: [required('user', 'string'), required('password', 'string')],
    isFetched: false,
  },
  {
    name: 'stop_ncii',
    config: [],
    credentials: [
      required('fetch_function_key', 'string'),
      required('subscription_key', 'string'),
      optional('base_url_override', 'string', null, 'Another address of the service'),
    ],
    isFetched: false,
  },
  {
    name: 'tat',
    config: [],
    credentials: [required('username', 'string'), required('password', 'string')],
    isFetched: false,
  },
  {
    name: 'local_file',
    config: [
      required('filename', 'string', 'The file of hashes'),
      optional('signal_type', 'string', null, 'What its hashes are'),
    ],
    credentials: undefined,
    isFetched: false,
  },
]

function required(name: string, type: ExchangeField['type'], help: string | null = null): ExchangeField {
  return { name, type, required: true, default: null, help, choices: null }
}

function optional(name: string, type: ExchangeField['type'], fallback: unknown, help: string): ExchangeField {
  return { name, type, required: false, default: fallback, help, choices: null }
}
