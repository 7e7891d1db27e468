import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jsonToLex, type LexiconDoc, Lexicons, parseLexiconDoc } from '@atproto/lexicon'
import { isValidNsid } from '@atproto/syntax'
import { describe, expect, it } from 'vitest'
import { buildLexicons } from '../scripts/lib/build-lexicons.ts'
import { formatXrpcReference } from '../scripts/lib/xrpc-reference.ts'

const files = globSync('lexicons/**/*.json').toSorted()
const docs = files.map((file) => jsonToLex(JSON.parse(readFileSync(file, 'utf8'))) as LexiconDoc)

describe('the lexicons', () => {
  it('are valid by the specification, each in the file of its name', () => {
    expect(files.length).toBeGreaterThanOrEqual(16)
    for (const [i, doc] of docs.entries()) {
      expect(parseLexiconDoc(doc).id).toBe(doc.id)
      expect(isValidNsid(doc.id)).toBe(true)
      expect(files[i]).toBe(`lexicons/${doc.id.replaceAll('.', '/')}.json`)
    }
    const { id: _, ...nameless } = docs[0] as LexiconDoc
    expect(() => parseLexiconDoc(nameless)).toThrow(/id/)
  })

  it('refer to nothing that is not there', () => {
    const lexicons = new Lexicons(docs)
    const refs = [...JSON.stringify(docs).matchAll(/"ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '')
    expect(refs.length).toBeGreaterThan(10)
    for (const ref of refs) expect(() => lexicons.getDefOrThrow(ref), ref).not.toThrow()
  })

  it('describe every method, parameter, field and error', () => {
    const undescribed = docs.flatMap(({ id, defs }) => undescribedOf(defs, id))
    expect(undescribed).toEqual([])
    const planted = { main: { type: 'string' }, errors: [{ name: 'Bad' }] }
    expect(undescribedOf(planted, 'x')).toEqual(['x.main', 'x.errors.0'])
  })

  it('have no fractions, which the data model lacks', () => {
    expect(JSON.stringify(docs)).not.toMatch(/"(?:float|number)"/)
  })

  it('are taken by the generator of the reference implementation', () => {
    const folder = mkdtempSync(join(tmpdir(), 'harrier-lexicons-'))
    try {
      const cli = 'node_modules/@atproto/lex-cli/bin.js'
      execFileSync(process.execPath, [cli, 'gen-api', '--yes', folder, ...files], { stdio: 'ignore' })
      const types = globSync(join(folder, 'types/tools/harrier/**/*.ts'))
      expect(types).toHaveLength(files.length)
      const client = readFileSync(join(folder, 'index.ts'), 'utf8')
      expect(client).toMatch(/class ToolsHarrierMatchNS/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('are what docs/XRPC.md was written from by npm run docs', () => {
    const written = formatXrpcReference()
    for (const { id, defs } of docs) if (defs['main']) expect(written).toContain(`### \`${id}\``)
    expect(readFileSync('docs/XRPC.md', 'utf8')).toBe(written)
  })

  it('are what src/lexicons was made of by npm run lexicons', () => {
    const folder = mkdtempSync(join(tmpdir(), 'harrier-lexicons-'))
    try {
      buildLexicons(folder)
      const made = contentsOf(folder)
      expect(made.size).toBeGreaterThan(2 * files.length)
      expect(contentsOf('src/lexicons')).toEqual(made)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

function contentsOf(folder: string): Map<string, string> {
  const names = globSync('**/*.{js,d.ts}', { cwd: folder }).toSorted()
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
}

/** Returns the places of definitions without a description, as far as people read them. */
function undescribedOf(value: unknown, at: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  const fields = value as Readonly<Record<string, unknown>>
  const { type, description } = fields
  const isStructure = type === 'params' || type === 'ref'
  const isError = type === undefined && typeof fields['name'] === 'string'
  const isMissing = ((typeof type === 'string' && !isStructure) || isError) && typeof description !== 'string'
  const names = Object.keys(fields).filter((name) => name !== 'items' || fields['type'] !== 'array')
  const inner = names.flatMap((name) => undescribedOf(fields[name], `${at}.${name}`))
  return [...(isMissing ? [at] : []), ...inner]
}
