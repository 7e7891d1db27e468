import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { openDoors } from '../src/http/doors.ts'
import { createStartingApp } from '../src/http/starting-app.ts'
import { openHma, picture } from './support/hma.ts'
import { absentHma, openTestHttp, testHmaOptions } from './support/http-fixture.ts'

/** What a probe sees at a path. */
async function probe(url: string, path: string): Promise<readonly [number, string]> {
  const response = await fetch(url + path)
  return [response.status, await response.text()]
}
const alive = [200, 'I-AM-ALIVE']

describe('/status', () => {
  it('says INDEX-NOT-LOADED until the index is loaded, and nothing else is answered meanwhile', async () => {
    const logger = pino({ level: 'silent' })
    const metrics = { requestDone: () => {} }
    const loopback = { host: '127.0.0.1', port: 0 }
    await using doors = await openDoors(
      { public: loopback, operator: loopback, closeGraceMs: 1_000 },
      ['index'],
      { operator: createStartingApp({ logger, metrics }) },
    )
    const { operator } = doors
    expect(await probe(operator.url, '/status')).toEqual([503, 'INDEX-NOT-LOADED'])
    expect(await probe(operator.url, '/status/live')).toEqual(alive)
    for (const path of ['/c/bank/X', '//c/bank/X', '/m/lookup', '/h/hash']) {
      const response = await fetch(operator.url + path)
      expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
        503,
        '1',
        { message: 'index not yet ready' },
      ])
    }
    expect(await probe(operator.url, '/metrics')).toEqual([
      503,
      expect.stringContaining('NotEnoughResources'),
    ])
    operator.serve((_request, response) => response.end('served'))
    expect(await probe(operator.url, '/status')).toEqual([200, 'served'])
  })

  it('says INDEX-STALE while matching is behind for longer than is allowed; /status/live never does', async () => {
    let ageMs = 0
    const hma = { ...absentHma, indexAgeMs: () => ageMs }
    await using http = await openTestHttp({ hma })
    expect(await probe(http.operator.url, '/status')).toEqual(alive)
    ageMs = 65_001
    expect(await probe(http.operator.url, '/status')).toEqual([503, 'INDEX-STALE'])
    expect(await probe(http.operator.url, '/status/live')).toEqual(alive)
    ageMs = 10
    expect(await probe(http.operator.url, '/status')).toEqual(alive)
    ageMs = 1e9
    for (const options of [
      { ...testHmaOptions, indexStaleMs: 0 },
      { ...testHmaOptions, indexStaleMs: -1 },
      { ...testHmaOptions, roles: ['curator', 'hasher'] as const },
    ]) {
      await using other = await openTestHttp({ hma }, { hma: options })
      expect(await probe(other.operator.url, '/status')).toEqual(alive)
    }
  })

  it('goes by when the service last looked at the banks', async () => {
    // It looks every 50 ms, so that it is a millisecond behind most of the time.
    await using strict = await openHma(undefined, { HARRIER_INDEX_STALE_MS: '1' })
    await expect.poll(async () => (await strict.get('/status')).text).toBe('INDEX-STALE')
    await using usual = await openHma()
    await usual.send('POST', '/c/banks', { name: 'A' })
    expect(await usual.get('/status')).toMatchObject({ status: 200, text: 'I-AM-ALIVE' })
  })
})

describe('a role that is switched off', () => {
  it('has no paths', async () => {
    await using hma = await openHma(undefined, { HARRIER_HMA_ROLES: 'curator' })
    for (const path of ['/h/hash', '/m/lookup', '/m/index/status'])
      expect(await hma.get(path)).toMatchObject({ status: 404, json: { message: 'Not Found' } })
    expect((await hma.get('/c/banks')).status).toBe(200)
    expect((await hma.get('/site-map')).json).toEqual(expect.not.arrayContaining(['/m/lookup', '/h/hash']))
    const { paths } = (await hma.get('/openapi/openapi.json')).json as { paths: object }
    expect(Object.keys(paths)).not.toContain('/m/lookup')
  })

  it('leaves lookups of hashes without the hasher, and refuses those of media before it looks at them', async () => {
    await using hma = await openHma(undefined, { HARRIER_HMA_ROLES: 'matcher' })
    expect(await hma.get(`/m/lookup?signal_type=pdq&signal=${'a'.repeat(64)}`)).toMatchObject({
      status: 200,
      json: {},
    })
    const refused = { status: 403, json: { message: 'Hashing is disabled, missing role' } }
    expect(await hma.get('/m/lookup?url=nothing-like-a-url&content_type=x')).toMatchObject(refused)
    expect(await hma.upload('/m/lookup', { bogus: await picture(1) })).toMatchObject(refused)
    expect((await hma.get('/c/banks')).status).toBe(404)
  })
})
