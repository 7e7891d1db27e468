import { describe, expect, it } from 'vitest'
import { UsageError } from './arguments.ts'
import { confirm } from './confirm.ts'

const without = { positionals: [], options: {} }
const asked = (isInteractive: boolean, answer: string) => () => ({
  isInteractive,
  ask: async () => answer,
  askSecret: async () => answer,
  [Symbol.dispose]: () => undefined,
})

describe('confirm', () => {
  it('takes --yes for an answer, and asks nobody', async () => {
    const nobody = () => {
      throw new Error('asked')
    }
    expect(await confirm({ positionals: [], options: { yes: true } }, 'do it?', nobody)).toBe(true)
  })

  it('takes nothing but yes at a terminal', async () => {
    expect(await confirm(without, 'do it?', asked(true, 'yes'))).toBe(true)
    for (const answer of ['', 'y', 'no', 'Yes please'])
      expect(await confirm(without, 'do it?', asked(true, answer))).toBe(false)
  })

  it('refuses where nobody is at a terminal, whatever comes on standard input', async () => {
    await expect(confirm(without, 'do it?', asked(false, 'yes'))).rejects.toThrow(UsageError)
  })
})
