import { describe, expect, it } from 'vitest'
import { bankDescribeCommand } from '../commands/bank-describe.ts'
import { bankDisableCommand } from '../commands/bank-disable.ts'
import { bankSetCommand } from '../commands/bank-set.ts'
import { parseArguments } from './arguments.ts'
import { parseBankSettings } from './bank-setting-arguments.ts'
import type { Command } from './command.ts'
import { createTerminal } from './terminal.ts'

const parse = (...argv: string[]) => parseBankSettings(parseArguments(bankSetCommand, ['b', ...argv]))

describe('what is set of a bank', () => {
  it('is read from the options, and left out where it is not given', () => {
    expect(parse()).toEqual({})
    expect(parse('--distance', '9', '--ratio', '.5', '--tiers', 'exact=0, near=9')).toEqual({
      threshold: 9,
      enabledRatio: 0.5,
      tiers: [
        { name: 'exact', distance: 0 },
        { name: 'near', distance: 9 },
      ],
    })
    expect(parse('--tiers', 'none', '--suppresses', 'a, b', '--min-quality', '0')).toEqual({
      tiers: [],
      suppresses: ['a', 'b'],
      minQuality: 0,
    })
    expect(parse('--suppresses', '')).toEqual({ suppresses: [] })
    expect(parse('--suppresses-all')).toEqual({ suppresses: 'all' })
  })

  it.each([
    [['--ratio', '2'], '0 to 1'],
    [['--ratio', 'half'], '0 to 1'],
    [['--distance', '257'], '0 to 256'],
    [['--tiers', 'near'], 'near=16'],
    [['--tiers', 'near=999'], 'near=16'],
    [['--suppresses', 'a', '--suppresses-all'], 'both'],
  ])('is refused: %j', (argv, message) => {
    expect(() => parse(...argv)).toThrow(message)
  })
})

describe('a command that is asked for what it cannot do', () => {
  const run = async (command: Command, ...argv: string[]) =>
    await command.run(parseArguments(command, argv), createTerminal())

  it.each([
    [bankSetCommand, ['b'], 'something to set'],
    [bankSetCommand, ['b', '--name', 'a/b'], '--name'],
    [bankDisableCommand, ['b', '1', '--until', '2001-01-01T00:00:00Z'], '--until'],
    [bankDisableCommand, ['b', '1', '--until', 'soon'], '--until'],
    [bankDisableCommand, ['b', '1', '--until', '2000d'], '--until'],
    [bankDisableCommand, ['b', '1', '--until', '2030-01-01'], '--until'],
    [bankDescribeCommand, ['b', '1'], 'something to say'],
    [bankDescribeCommand, ['b', '1', '--note', 'n'.repeat(501)], '500'],
    [bankDescribeCommand, ['b', '1', '--metadata', '[]'], 'object'],
    [bankDescribeCommand, ['b', '1', '--metadata', '{'], 'JSON'],
  ] as const)('$0.name says so before it opens anything: %j', async (command, argv, message) => {
    await expect(run(command, ...argv)).rejects.toThrow(message)
  })
})
