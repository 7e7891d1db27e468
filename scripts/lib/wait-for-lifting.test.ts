import { expect, it } from 'vitest'
import type { Lifting } from '../../src/tools.ts'
import { waitForLifting } from './wait-for-lifting.ts'

const effectOf = (id: number) => ({
  id,
  kind: 'takedown',
  detail: '',
  subject: 's',
  target: 'pds',
  state: 'undone',
})

/** A terminal that keeps what is written. */
function openLines() {
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  return {
    lines,
    out: write,
    err: write,
    write: async () => {},
    isLive: false,
    progress: () => {},
    style: (_: unknown, text: string) => text,
  }
}

it('waits for each effect, tells it once, and ends with 1 when a person has to look at one', async () => {
  const left = new Map([
    [1, ['waits', 'waits', 'done']],
    [2, ['done']],
    [3, ['waits', 'stuck']],
  ])
  const liftingOf = async ({ id }: { readonly id: number }) =>
    ({ effect: effectOf(id), state: left.get(id)?.shift() }) as unknown as Lifting
  const terminal = openLines()
  const effects = [1, 2, 3].map(effectOf) as never
  expect(await waitForLifting({ liftingOf }, effects, false, terminal)).toBe(1)
  expect(terminal.lines).toEqual([
    'undone effect 2: takedown of s by pds',
    'harrier: not lifted effect 3: takedown of s by pds; see harrier outbox list, then harrier outbox retry',
    'undone effect 1: takedown of s by pds',
  ])
  const lifted = async () => ({ effect: effectOf(1), state: 'done' }) as unknown as Lifting
  expect(await waitForLifting({ liftingOf: lifted }, effects, true, openLines())).toBe(0)
  expect(await waitForLifting({ liftingOf: lifted }, [], true, openLines())).toBe(0)
})
