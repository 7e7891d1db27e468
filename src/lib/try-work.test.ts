import { describe, expect, it } from 'vitest'
import { AppError } from './errors.ts'
import { type Try, tryWork } from './try-work.ts'

const options = { timeoutMs: 50, maxAttempts: 3, retryBaseMs: 100, retryMaxMs: 1_000 }
const first = (): Try => ({ attempt: 1, ending: new AbortController().signal, random: () => 0 })
const fail = (error: Error) => async () => {
  throw error
}
const busy = new AppError('unavailable', 'The host is busy')

describe('work that is tried', () => {
  it('is done with its value', async () => {
    expect(await tryWork(async () => 7, options, first())).toEqual({ kind: 'done', value: 7 })
  })

  it('is tried again after what may pass, later each time, until its attempts are spent', async () => {
    const waits: number[] = []
    for (const attempt of [1, 2]) {
      const tried = await tryWork(fail(busy), options, { ...first(), attempt })
      expect(tried).toMatchObject({ kind: 'retry', reason: 'The host is busy' })
      if (tried.kind === 'retry') waits.push(tried.waitMs)
    }
    expect(waits[0]).toBeGreaterThan(0)
    expect(waits[1]).toBeGreaterThan(waits[0] as number)
    const last = await tryWork(fail(busy), options, { ...first(), attempt: 3 })
    expect(last).toEqual({ kind: 'dead', reason: 'The host is busy' })
  })

  it('is dead at once after what will not pass', async () => {
    const wrong = new AppError('invalid', 'No address')
    expect(await tryWork(fail(wrong), options, first())).toEqual({ kind: 'dead', reason: 'No address' })
  })

  it('is tried again when its time was up', async () => {
    const never = (signal: AbortSignal) =>
      new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    expect(await tryWork(never, options, first())).toMatchObject({ kind: 'retry' })
  })

  it('is as it was when the program ends', async () => {
    const ending = AbortSignal.abort()
    expect(await tryWork(fail(busy), options, { ...first(), ending })).toEqual({ kind: 'cut-off' })
  })

  it('fails with what is our own fault', async () => {
    await expect(tryWork(fail(new TypeError('a fault')), options, first())).rejects.toThrow('a fault')
  })
})
