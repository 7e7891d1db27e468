import { someHash } from './samples.ts'
import type { Target } from './target.ts'

/**
 * Returns a request that is taken, for each route of the operator listener that its OpenAPI document has. There has to be a bank
 * BANK, and an exchange EXCHANGE; `{content}` is to be filled in with a content of the bank.
 */
export function hmaTargets(picture: Buffer, images: string): readonly Target[] {
  const form = {
    file: picture,
    field: 'photo',
    fields: { note: 'a note', metadata: '{"content_id":"x"}' },
  }
  const url = `${images}/1.png`
  const content = '/c/bank/{bank}/content'
  const exchange = '/c/exchange/{name}'
  const api = '/c/exchanges/api/{name}'
  const get = (path: string, query?: Target['query']): Target => ({
    method: 'GET',
    path,
    ...(query && { query }),
  })
  const send = (method: string, path: string, json: unknown): Target => ({ method, path, body: { json } })
  const upload = (path: string): Target => ({ method: 'POST', path, body: form })
  const targets: readonly Target[] = [
    get('/m/lookup', { signal: someHash, signal_type: 'pdq', banks: 'BANK', seed: 'x' }),
    get('/m/raw_lookup', { signal: someHash, signal_type: 'pdq', include_distance: 'true' }),
    upload('/m/lookup'),
    get('/m/index/status', { signal_type: 'pdq' }),
    send('POST', '/m/compare', { pdq: [someHash, someHash] }),
    get(content, { limit: '10' }),
    upload(content),
    get(`${content}/{content}`, { include_signals: 'true' }),
    send('PUT', `${content}/{content}`, { disable_until_ts: 1, note: 'a note' }),
    send('POST', '/c/bank/{bank}/signal', { pdq: someHash, note: 'a note' }),
    { method: 'DELETE', path: `${content}/{content}` },
    get('/c/banks'),
    send('POST', '/c/banks', {
      name: 'ANOTHER',
      enabled_ratio: '0.5',
      tiers: [{ name: 'near', distance: 16 }],
    }),
    get('/c/bank/{bank}'),
    send('PUT', '/c/bank/{bank}', { enabled: 'true', threshold: 31 }),
    { method: 'DELETE', path: '/c/bank/{bank}' },
    get('/c/signal_type'),
    get('/c/signal_type/index'),
    send('PUT', '/c/signal_type/{type}', { enabled_ratio: 0.5 }),
    get('/c/content_type'),
    upload('/h/hash'),
    get('/h/hash', { url, content_type: 'photo', types: 'pdq' }),
    get('/c/exchanges'),
    send('POST', '/c/exchanges', { bank: 'OTHER', api: 'fb_threatexchange', api_json: { privacy_group: 1 } }),
    get('/c/exchanges/apis'),
    get(api),
    send('POST', api, { credential_json: { user: 'u', password: 'p' } }),
    get(`${api}/schema`),
    get(exchange),
    get(`${exchange}/status`),
    send('PUT', exchange, { enabled: false }),
    { method: 'DELETE', path: exchange },
    get('/ui/'),
    get('/ui/banks'),
    get('/ui/exchanges'),
    get('/ui/match'),
    get('/ui/documentation'),
    get('/ui/style.css'),
    { method: 'POST', path: '/ui/create_bank', body: { form: { bank_name: 'FROM_A_PAGE' } } },
    { method: 'POST', path: '/ui/query', body: { ...form, fields: { bypass_enabled_ratio: 'true' } } },
    { method: 'POST', path: '/ui/query_url', body: { form: { url, content_type: 'photo' } } },
    {
      method: 'POST',
      path: '/ui/query_hash',
      body: { form: { signal_type: 'pdq', signal_value: someHash } },
    },
    send('POST', '/ui/bank/{bank}/content/find', { signal_type: 'pdq', signal_value: someHash }),
    get('/'),
    get('/status'),
    get('/status/live'),
    get('/site-map'),
    get('/openapi/openapi.json'),
  ]
  return targets.map((target) => {
    const name = target.path.startsWith(exchange) ? 'EXCHANGE' : 'ncmec'
    return { ...target, params: { bank: 'BANK', type: 'pdq', name } }
  })
}
