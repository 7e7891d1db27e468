import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openPrompt } from './prompt.ts'

/** A terminal as far as the line editor looks: it is told when it echoes by itself and when it does not. */
function openTerminal() {
  const input = Object.assign(new PassThrough(), {
    isTTY: true,
    rawModes: [] as boolean[],
    setRawMode(isRaw: boolean) {
      input.rawModes.push(isRaw)
      return input
    },
  })
  let shown = ''
  const output = new PassThrough().on('data', (chunk) => {
    shown += String(chunk)
  })
  return { input, output, shown: () => shown }
}

describe('openPrompt', () => {
  it('shows what is typed, but not for a secret, which a terminal does not echo either', async () => {
    const { input, output, shown } = openTerminal()
    using prompt = openPrompt(input, output)
    const handle = prompt.ask('Handle: ')
    input.write('labeler.test\r')
    expect(await handle).toBe('labeler.test')
    expect(shown()).toContain('labeler.test')
    const secret = prompt.askSecret('Password: ')
    input.write('open sesame')
    input.write('\u007fE\r')
    expect(await secret).toBe('open sesamE')
    expect(shown()).toContain('Password: ')
    expect(shown()).not.toContain('sesam')
    expect(input.rawModes).toEqual([true, false, true, false])
  })

  it('ends at Ctrl-C and at Ctrl-D', async () => {
    for (const key of ['\u0003', '\u0004']) {
      const { input, output } = openTerminal()
      using prompt = openPrompt(input, output)
      const secret = prompt.askSecret('Password: ')
      input.write(key)
      await expect(secret).rejects.toThrow('the input ended')
      expect(input.rawModes).toEqual([true, false])
    }
  })

  it('takes one line for each answer from a script, however they come', async () => {
    const input = new PassThrough()
    const output = new PassThrough()
    using prompt = openPrompt(input, output)
    input.write('one\ntw')
    expect(await prompt.askSecret('First: ')).toBe('one')
    input.end('o')
    expect(await prompt.ask('Second: ')).toBe('two')
    await expect(prompt.ask('Third: ')).rejects.toThrow('Expected an answer to "Third:" but the input ended')
    expect(output.read()?.toString()).toContain('First:')
  })
})
