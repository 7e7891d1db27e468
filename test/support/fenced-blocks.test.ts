import { describe, expect, it } from 'vitest'
import { fencedBlocks } from './fenced-blocks.ts'

const page = `# Title

## One

\`\`\`sh background
## not a heading
a
\`\`\`

\`\`\`json
{}
\`\`\`

### Part

\`\`\`
b
\`\`\`

## Two

\`\`\`sh
c
\`\`\`
`

describe('fencedBlocks', () => {
  it('gives each block with its page, and the one behind it on the same page', () => {
    const [first, second, third, fourth, ...more] = fencedBlocks(page)
    expect(more).toEqual([])
    expect(first).toMatchObject({ section: 'One', language: 'sh', attributes: ['background'], line: 5 })
    expect(first?.text).toBe('## not a heading\na')
    expect(first?.next).toBe(second)
    expect(second).toMatchObject({ section: 'One', language: 'json', text: '{}' })
    expect(second?.next).toBe(third)
    expect(third).toMatchObject({ section: 'One', language: '', text: 'b' })
    expect(third?.next).toBeUndefined()
    expect(fourth).toMatchObject({ section: 'Two', language: 'sh', attributes: [], text: 'c' })
  })

  it('refuses a fence that is not closed', () => {
    expect(() => fencedBlocks('## One\n```sh\na\n')).toThrow('line 2')
  })
})
