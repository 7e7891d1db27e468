import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hma, openHma } from './support/hma.ts'

let hma: Hma
beforeAll(async () => {
  hma = await openHma()
  await hma.send('POST', '/c/banks', { name: 'BANK' })
})
afterAll(() => hma[Symbol.asyncDispose]())

/** What is wrong with one parameter, as pydantic 2 tells it. */
const problem = (name: string, type: string, msg: string, input: unknown) => ({
  type,
  loc: [name],
  msg,
  input,
  url: expect.stringMatching(new RegExp(`^https://errors\\.pydantic\\.dev/2\\.\\d+/v/${type}$`)),
})
const missing = (name: string, input: unknown) => problem(name, 'missing', 'Field required', input)
const noFlag = 'Input should be a valid boolean, unable to interpret input'
const hash = 'a'.repeat(64)

describe('a parameter', () => {
  it('that is missing is told as pydantic tells it, all of them at once', async () => {
    const refused = async (answer: ReturnType<Hma['get']>, ...problems: object[]) =>
      expect(await answer).toMatchObject({ status: 422, json: problems })
    await refused(hma.get('/m/raw_lookup'), missing('signal', {}), missing('signal_type', {}))
    await refused(hma.get(`/m/raw_lookup?signal=${hash}`), missing('signal_type', { signal: hash }))
    await refused(hma.get('/h/hash'), missing('url', {}))
    await refused(hma.send('POST', '/c/banks', { enabled: true }), missing('name', { enabled: true }))
    await refused(hma.send('POST', '/c/banks'), missing('name', {}))
    await refused(hma.send('PUT', '/c/signal_type/pdq', {}), missing('enabled_ratio', {}))
    const name = problem('name', 'string_type', 'Input should be a valid string', null)
    await refused(hma.send('POST', '/c/banks', { name: null }), name)
  })

  it('of another type is told as pydantic tells it', async () => {
    const refused = async (answer: ReturnType<Hma['get']>, ...told: Parameters<typeof problem>) =>
      expect(await answer).toMatchObject({ status: 422, json: [problem(...told)] })
    const put = (body: object) => hma.send('PUT', '/c/bank/BANK', body)
    await refused(put({ name: 7 }), 'name', 'string_type', 'Input should be a valid string', 7)
    await refused(put({ enabled: 'perhaps' }), 'enabled', 'bool_parsing', noFlag, 'perhaps')
    await refused(put({ enabled: 2 }), 'enabled', 'bool_parsing', noFlag, 2)
    await refused(put({ enabled: [] }), 'enabled', 'bool_type', 'Input should be a valid boolean', [])
    const noNumber = 'Input should be a valid number'
    const noText = `${noNumber}, unable to parse string as a number`
    await refused(put({ enabled_ratio: 'much' }), 'enabled_ratio', 'float_parsing', noText, 'much')
    await refused(put({ enabled_ratio: '0x1' }), 'enabled_ratio', 'float_parsing', noText, '0x1')
    await refused(put({ enabled_ratio: {} }), 'enabled_ratio', 'float_type', noNumber, {})
    const raw = `/m/raw_lookup?signal_type=pdq&signal=${hash}`
    await refused(
      hma.get(`${raw}&include_distance=perhaps`),
      'include_distance',
      'bool_parsing',
      noFlag,
      'perhaps',
    )
    const lookup = `/m/lookup?signal_type=pdq&signal=${hash}&bypass_coinflip=2`
    await refused(hma.get(lookup), 'bypass_coinflip', 'bool_parsing', noFlag, '2')
    expect((await put({ name: 7, enabled: 'x', enabled_ratio: [] })).json).toHaveLength(3)
  })

  it('that is long is told in part, and one that is deep in a word', async () => {
    const input = async (name: unknown) => {
      const { json } = await hma.send('POST', '/c/banks', { name })
      return (json as [{ input: unknown }])[0].input
    }
    expect(await input(Array.from({ length: 5_000 }, () => 'x'))).toBe('an object')
    expect(await input([[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]])).toBe('an object')
    const raw = await hma.get(`/m/raw_lookup?signal=x&signal_type=y&include_distance=${'z'.repeat(2_000)}`)
    expect((raw.json as [{ input: string }])[0].input.length).toBeLessThan(100)
  })

  it('is taken in every form that pydantic takes it in', async () => {
    const ratioAfter = async (body: object) => {
      const { status, json } = await hma.send('PUT', '/c/bank/BANK', body)
      return status === 200 ? (json as { matching_enabled_ratio: number }).matching_enabled_ratio : status
    }
    for (const yes of [true, 1, '1', 'true', 'TRUE', 'yes', 'on', 't', 'Y'])
      expect([yes, await ratioAfter({ enabled: yes })]).toEqual([yes, 1])
    for (const no of [false, 0, '0', 'false', 'False', 'no', 'off', 'f', 'N'])
      expect([no, await ratioAfter({ enabled: no })]).toEqual([no, 0])
    for (const [given, ratio] of [
      ['1', 1],
      [' 0.25 ', 0.25],
      ['5e-1', 0.5],
      ['.5', 0.5],
      [1, 1],
      [true, 1],
      [null, 1],
      ['inf', 400],
      ['NaN', 400],
      [-0.1, 400],
    ] as const)
      expect([given, await ratioAfter({ enabled_ratio: given })]).toEqual([given, ratio])
    expect(await ratioAfter({ enabled: null, name: null, foreign: {} })).toBe(1)
  })
})

describe('a known path', () => {
  it('refuses a method that it has not with 405, and says which it has', async () => {
    const ask = async (method: string, path: string) => {
      const response = await fetch(hma.app.operatorUrl + path, { method })
      const text = await response.text()
      return [
        response.status,
        response.headers.get('allow'),
        text === '' ? '' : (JSON.parse(text) as unknown),
      ]
    }
    const message = { message: 'Method Not Allowed' }
    for (const [method, path, allow] of [
      ['DELETE', '/c/banks', 'GET, HEAD, OPTIONS, POST'],
      ['PATCH', '/c/bank/BANK', 'DELETE, GET, HEAD, OPTIONS, PUT'],
      ['POST', '/c/bank/BANK', 'DELETE, GET, HEAD, OPTIONS, PUT'],
      ['GET', '/c/bank/BANK/signal', 'OPTIONS, POST'],
      ['PUT', '/m/lookup', 'GET, HEAD, OPTIONS, POST'],
      ['POST', '/m/raw_lookup', 'GET, HEAD, OPTIONS'],
      ['GET', '/m/compare', 'OPTIONS, POST'],
      ['DELETE', '/h/hash', 'GET, HEAD, OPTIONS, POST'],
      ['POST', '/c/exchanges/apis', 'GET, HEAD, OPTIONS'],
    ] as const)
      expect(await ask(method, path)).toEqual([405, allow, message])
    expect(await ask('OPTIONS', '/c/banks')).toEqual([200, 'GET, HEAD, OPTIONS, POST', ''])
    expect(await ask('POST', '/c/nothing')).toEqual([404, null, { message: 'Not Found' }])
  })
})
