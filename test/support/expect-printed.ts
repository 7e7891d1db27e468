import { expect } from 'vitest'

/**
 * Expects an answer to be as a page prints it. `…` in a text stands for anything, at the end of a list for any
 * more. In JSON figures may be others, but none for one that is 0, as pictures differ; in text they may not.
 */
export function expectPrinted(language: string, printed: string, answer: string): void {
  if (language === 'json') {
    expect(normalJson(JSON.parse(answer), JSON.parse(printed))).toEqual(JSON.parse(printed))
    return
  }
  expect(answer.trimEnd()).toMatch(new RegExp(`^${patternOf(printed.trimEnd(), /(…)/)}$`))
}

/** Returns an answer with what may differ put as it is printed. */
function normalJson(answer: unknown, printed: unknown): unknown {
  if (typeof answer === 'string' && typeof printed === 'string')
    return new RegExp(`^${patternOf(printed, /(…|\d+)/)}$`).test(answer) ? printed : answer
  if (typeof answer === 'number' && typeof printed === 'number')
    return (answer === 0) === (printed === 0) ? printed : answer
  if (Array.isArray(answer) && Array.isArray(printed)) {
    const isOpen = printed.at(-1) === '…'
    const known = isOpen ? printed.slice(0, -1) : printed
    const normal = answer
      .slice(0, isOpen ? known.length : undefined)
      .map((one, at) => normalJson(one, known[at]))
    return isOpen && normal.length === known.length ? [...normal, '…'] : normal
  }
  if (isObject(answer) && isObject(printed))
    return Object.fromEntries(
      Object.entries(answer).map(([key, value]) => [key, normalJson(value, printed[key])]),
    )
  return answer
}

/** `wild` parts stand for others of their kind. */
function patternOf(printed: string, wild: RegExp): string {
  const parts = printed.split(wild)
  return parts
    .map((part) => (part === '…' ? '[^]*' : wild.test(part) ? String.raw`\d+` : RegExp.escape(part)))
    .join('')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
