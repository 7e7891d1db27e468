import { describe, expect, it } from 'vitest'
import { hasOption, integerOption, parseArguments, textOption, UsageError, wordOption } from './arguments.ts'
import type { Command } from './command.ts'

const command: Command = {
  name: 'walk',
  summary: 'walk the dog',
  parameters: 'DOG [PATH]',
  arity: [1, 2],
  options: {
    speed: { type: 'string', value: 'N', help: 'how fast' },
    leash: { type: 'boolean', help: 'on a leash' },
  },
  examples: [],
  run: async () => 0,
}
const parse = (...argv: string[]) => parseArguments(command, argv)

describe('parseArguments', () => {
  it('reads positionals and options in any order', () => {
    const args = parse('rex', '--speed=3', 'park', '--leash')
    expect(args.positionals).toEqual(['rex', 'park'])
    expect([textOption(args, 'speed'), hasOption(args, 'leash')]).toEqual(['3', true])
  })

  it('names the nearest option when it has not the one that was typed', () => {
    expect(() => parse('rex', '--speeed', '3')).toThrow('No such option: --speeed; did you mean --speed?')
    expect(() => parse('rex', '-x')).toThrow(UsageError)
  })

  it('refuses an option without its value, and a value for an option without one', () => {
    expect(() => parse('rex', '--speed')).toThrow(UsageError)
    expect(() => parse('rex', '--leash=yes')).toThrow(UsageError)
  })

  it('refuses too few and too many arguments, and says what it expected', () => {
    expect(() => parse()).toThrow('Expected DOG [PATH] for walk but received nothing')
    expect(() => parse('rex', 'park', 'home')).toThrow(
      'Expected DOG [PATH] for walk but received also "home"',
    )
  })

  it('does not judge a command line that asks for help', () => {
    expect(hasOption(parse('--help'), 'help')).toBe(true)
    expect(hasOption(parse('-h', 'a', 'b', 'c'), 'help')).toBe(true)
  })
})

describe('integerOption', () => {
  it('returns a whole number within its bounds, and undefined when it was not given', () => {
    expect(integerOption(parse('rex', '--speed', '7'), 'speed', 0, 7)).toBe(7)
    expect(integerOption(parse('rex'), 'speed', 0, 7)).toBeUndefined()
  })

  it.each(['8', '-1', '1.5', '1e0', 'ten', ''])('refuses %j where 0 to 7 is expected', (text) => {
    expect(() => integerOption(parse('rex', `--speed=${text}`), 'speed', 0, 7)).toThrow(
      'Expected a whole number from 0 to 7 for --speed',
    )
  })
})

describe('wordOption', () => {
  it('returns one of the words, and refuses any other', () => {
    expect(wordOption(parse('rex', '--speed', 'fast'), 'speed', ['fast', 'slow'])).toBe('fast')
    expect(() => wordOption(parse('rex', '--speed', 'Fast'), 'speed', ['fast', 'slow'])).toThrow(
      'one of fast, slow',
    )
  })
})
