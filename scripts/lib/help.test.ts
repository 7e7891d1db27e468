import { describe, expect, it } from 'vitest'
import { commands } from '../commands/commands.ts'
import { parseArguments } from './arguments.ts'
import { formatCommandHelp, formatOverview } from './help.ts'

describe('help', () => {
  it('lists every command in the overview, with its summary', () => {
    const overview = formatOverview(commands)
    for (const { name, summary } of commands)
      expect(overview).toMatch(new RegExp(`^  ${name} .*${summary}$`, 'm'))
    expect(commands.length).toBeGreaterThan(10)
  })

  it.each(
    commands,
  )('of $name explains its arguments, its options and its exit codes, and has an example', (command) => {
    const help = formatCommandHelp(command)
    expect(help).toContain(`Usage:\n  harrier ${command.name}`)
    for (const name of Object.keys(command.arguments ?? {})) expect(command.parameters).toContain(name)
    for (const [name, { type, value }] of Object.entries(command.options)) {
      expect(help).toContain(`--${name}`)
      expect(value !== undefined).toBe(type === 'string')
    }
    expect(help).toMatch(/Exit codes:\n {2}0 {2}.*\n {2}1 {2}.*\n {2}2 {2}/)
    expect(help.split('\n').filter((line) => line.length > 125)).toEqual([])
  })

  it.each(commands)('of $name has only examples that it accepts', (command) => {
    expect(command.examples.length).toBeGreaterThan(0)
    for (const example of command.examples) {
      expect(example.startsWith(command.name)).toBe(true)
      expect(() => parseArguments(command, wordsOf(example.slice(command.name.length)))).not.toThrow()
    }
  })
})

/** Words as a shell would split them; quotes and `<…>` hold words together. */
function wordsOf(line: string): string[] {
  const parts = line.match(/'[^']*'|"[^"]*"|<[^>]*>|\S+/g) ?? []
  return parts.map((part) => part.replace(/^['"](.*)['"]$/, '$1'))
}
