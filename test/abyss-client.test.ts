import { execFile, spawnSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blobCidOfSha256 } from '../src/model/ids.ts'
import { openTestHttp, type TestHttp } from './support/http-fixture.ts'

const run = promisify(execFile)
const hasGo = spawnSync('go', ['version']).status === 0
const password = 'hepa-hepa-hepa-hepa'
const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const uri = `at://${did}/app.bsky.feed.post/3l3qo2vutsw2b`

describe(`hepa's client${hasGo ? '' : ' (skipped: needs Go, which is not installed)'}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'harrier-abyss-'))
  const picture = Buffer.from('known bytes')
  let http: TestHttp

  beforeAll(async () => {
    http = await openTestHttp(
      {
        async receiveBlob({ bytes, place }) {
          expect(place).toEqual({ did, uri })
          const sha256 = hash('sha256', bytes)
          const isKnown = sha256 === hash('sha256', picture)
          const match = { bankId: 1, bank: 'known', contentId: 1, distance: 0, hashType: 'sha256' } as const
          return {
            cid: blobCidOfSha256(sha256),
            outcome: 'hashed',
            hashes: [{ type: 'sha256', value: sha256, quality: 100 }],
            matches: isKnown ? [match] : [],
            reviewId: undefined,
          }
        },
      },
      {
        receivers: {
          hepaPassword: password,
          ozoneDivertPassword: undefined,
          euroskyToken: undefined,
          labels: [{ bank: 'known', label: 'csam' }],
          atOnce: 4,
          maxBytes: 1000,
          timeoutMs: 5000,
        },
      },
    )
    if (!hasGo) return
    const source = join(import.meta.dirname, 'support/abyss-client/main.go')
    // The first build on a machine compiles Go's own HTTP client too.
    await run('go', ['build', '-o', join(folder, 'client'), source])
  }, 600_000)
  afterAll(async () => {
    await http[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = async (bytes: Uint8Array, secret = password): Promise<unknown> => {
    const file = join(folder, 'picture')
    writeFileSync(file, bytes)
    const args = [http.public.url, secret, did, uri, 'image/jpeg', file]
    const { stdout } = await run(join(folder, 'client'), args)
    return JSON.parse(stdout)
  }

  it.skipIf(!hasGo)('acts on a known picture, and not on another', async () => {
    const cid = blobCidOfSha256(hash('sha256', picture))
    expect(await ask(picture)).toEqual({ isHit: true, cid, size: picture.length, status: 'success' })
    expect(await ask(Buffer.from('others'))).toMatchObject({ isHit: false, status: 'success' })
  })

  it.skipIf(!hasGo)('is told that its password is wrong, and that a picture is too large', async () => {
    await expect(ask(picture, 'wrong')).rejects.toMatchObject({ code: 1, stderr: 'status 401\n' })
    await expect(ask(Buffer.alloc(1001))).rejects.toMatchObject({ code: 1, stderr: 'status 413\n' })
  })

  it.skipIf(!hasGo)('leaves its password in no line, though it repeats it in a header', () => {
    expect(http.lines.length).toBeGreaterThan(0)
    expect(JSON.stringify(http.lines)).not.toContain(password)
  })
})
