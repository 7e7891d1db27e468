import { describe, expect, it } from 'vitest'
import { expectPrinted } from './expect-printed.ts'

const json = (printed: string, answer: string) => () => expectPrinted('json', printed, answer)

describe('expectPrinted', () => {
  it.each([
    ['{"a": "b…", "n": 2}', '{"n": 7, "a": "bcd"}'],
    ['{"a": "pdq, 2 bits"}', '{"a": "pdq, 14 bits"}'],
    ['[1, "…"]', '[4, {"any": 1}, 2]'],
    ['{"a": [{"b": 0}]}', '{"a": [{"b": 0}]}'],
  ])('takes for %s also %s', (printed, answer) => {
    expect(json(printed, answer)).not.toThrow()
  })

  it.each([
    ['{"a": 1}', '{"a": 1, "b": 2}'],
    ['{"a": 1, "b": 2}', '{"a": 1}'],
    ['{"a": 0}', '{"a": 1}'],
    ['{"a": 1}', '{"a": 0}'],
    ['{"a": true}', '{"a": false}'],
    ['{"a": "b…"}', '{"a": "ab"}'],
    ['{"a": "b.d"}', '{"a": "bcd"}'],
    ['{"a": ["x"]}', '{"a": ["x", "y"]}'],
    ['["x", "y", "…"]', '["x"]'],
    ['{"a": "pdq"}', '{"a": 1}'],
  ])('does not take for %s also %s', (printed, answer) => {
    expect(json(printed, answer)).toThrow()
  })

  it('compares text line by line, figures included', () => {
    expect(() => expectPrinted('text', 'a … 200\nb', 'a xyz 200\nb\n')).not.toThrow()
    expect(() => expectPrinted('text', 'a … 200', 'a xyz 400\n')).toThrow()
  })
})
