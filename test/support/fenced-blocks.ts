/** A fenced block of a page. */
export type FencedBlock = {
  /** The `##` heading that it stands under. */
  readonly section: string
  /** The first word behind the fence, such as `sh`; empty where there is none. */
  readonly language: string
  /** The words behind that. */
  readonly attributes: readonly string[]
  readonly text: string
  /** Where its fence stands, from 1. */
  readonly line: number
  /** The block right behind it in the same section, if any. */
  readonly next: FencedBlock | undefined
}

/** Returns the fenced blocks of a page of Markdown, in order. @throws when a fence is not closed. */
export function fencedBlocks(page: string): readonly FencedBlock[] {
  const found: Omit<FencedBlock, 'next'>[] = []
  let section = ''
  let open: { readonly info: readonly string[]; readonly line: number; readonly lines: string[] } | undefined
  for (const [at, line] of page.split('\n').entries()) {
    if (line.startsWith('```')) {
      if (open) {
        const [language = '', ...attributes] = open.info
        found.push({ section, language, attributes, text: open.lines.join('\n'), line: open.line })
      }
      open = open ? undefined : { info: line.slice(3).trim().split(/\s+/), line: at + 1, lines: [] }
    } else if (open) open.lines.push(line)
    else if (line.startsWith('## ')) section = line.slice(3).trim()
  }
  if (open) throw new Error(`Expected the fence of line ${open.line} to be closed`)
  let next: FencedBlock | undefined
  return found
    .reverse()
    .map((block) => (next = { ...block, next: next?.section === block.section ? next : undefined }))
    .reverse()
}
