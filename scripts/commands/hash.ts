import { availableParallelism } from 'node:os'
import type { ImageHash } from '../../src/model/hash.ts'
import type { HashPlan } from '../../src/model/hash-plan.ts'
import type { Hashing } from '../../src/tools.ts'
import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { mapInOrder } from '../lib/in-order.ts'
import { openCommandHashing } from '../lib/open-command-tools.ts'
import { type HashedFile, hashImageFile, UnusableFileError } from '../lib/sources.ts'
import { printable, type Terminal } from '../lib/terminal.ts'

/** `harrier hash`: the fingerprints of image files. */
export const hashCommand: Command = {
  name: 'hash',
  summary: 'hash image files as the service does',
  parameters: 'FILE...',
  arguments: { FILE: 'an image: JPEG, PNG, WebP, GIF, AVIF or TIFF' },
  arity: [1, Number.POSITIVE_INFINITY],
  options: {
    looks: {
      type: 'boolean',
      help: 'also every other look: as EXIF turns it, on white and black, frames, turned, mirrored',
    },
    ...jsonOption,
  },
  notes: [
    'Files are decoded in separate, confined processes, never in this one. A file that is no image is reported and the\n' +
      'others are hashed all the same.',
    'pdq is as Meta’s reference hasher makes it, pdqFullResolution as Hasher-Matcher-Actioner does; they are the same up\n' +
      'to 512 pixels a side.',
    'JSON: one object per file, in the order given: path, pdq, quality (0 to 100), pdqFullResolution, md5, sha1, sha256,\n' +
      'cid (what the bytes are called as a blob on the network), width, height, format, ms (decoding and hashing), and with\n' +
      '--looks an array of variant, profile, value and quality. A file that cannot be hashed has path, error (for\n' +
      'machines) and reason (for people) instead.',
  ],
  examples: ['hash photo.jpg', 'hash --json *.png', 'hash --looks --json photo.jpg'],
  exits: { 1: 'failed: at least one file could not be hashed' },
  async run(args, terminal) {
    await using hashing = await openCommandHashing()
    const hasLooks = hasOption(args, 'looks')
    const more: Partial<HashPlan> = hasLooks
      ? { isOriented: true, isFlattened: true, isTurned: true }
      : { isOriented: false, isFlattened: false, isTurned: false, frames: 1 }
    const print = hasOption(args, 'json') ? printJson : printText
    let failures = 0
    const results = mapInOrder(args.positionals, availableParallelism() * 2, (path) =>
      tryHash(hashing, path, { ...more, hasSha1: true }),
    )
    for await (const result of results) {
      if (result.kind === 'failed') failures++
      print(result, hasLooks, terminal)
    }
    return failures === 0 ? 0 : 1
  },
}

type Result =
  | { readonly kind: 'hashed'; readonly file: HashedFile }
  | { readonly kind: 'failed'; readonly path: string; readonly error: UnusableFileError }

async function tryHash(hashing: Hashing, path: string, more: Partial<HashPlan>): Promise<Result> {
  try {
    return { kind: 'hashed', file: await hashImageFile(hashing, path, more) }
  } catch (error) {
    if (error instanceof UnusableFileError) return { kind: 'failed', path, error }
    throw error
  }
}

function printJson(result: Result, hasLooks: boolean, terminal: Terminal): void {
  if (result.kind === 'failed') {
    terminal.out(
      JSON.stringify({ path: result.path, error: result.error.reason, reason: result.error.message }),
    )
    return
  }
  const { path, hashes, cid, facts, ms } = result.file
  const valueOf = (type: string) => hashes.find((hash) => hash.type === type)
  const looks = hashes
    .filter((hash) => hash.type === 'pdq')
    .map(({ variant, profile, value, quality }) => ({ variant, profile, value, quality }))
  terminal.out(
    JSON.stringify({
      path,
      pdq: valueOf('pdq')?.value,
      quality: valueOf('pdq')?.quality,
      pdqFullResolution: looks.find((look) => look.profile === 'full-resolution')?.value,
      md5: valueOf('md5')?.value,
      sha1: valueOf('sha1')?.value,
      sha256: valueOf('sha256')?.value,
      cid,
      width: facts.width,
      height: facts.height,
      format: facts.format,
      ms: Math.round(10 * ms) / 10,
      ...(hasLooks ? { looks } : {}),
    }),
  )
}

function printText(result: Result, hasLooks: boolean, terminal: Terminal): void {
  if (result.kind === 'failed') {
    terminal.err(`harrier: ${printable(result.error.message)}`)
    return
  }
  const { path, hashes, cid, facts, ms } = result.file
  terminal.out(
    `${terminal.style('bold', printable(path))}  ${facts.format} ${facts.width}x${facts.height}, ${Math.round(ms)} ms`,
  )
  for (const hash of hashes) {
    const isShown = hash.type !== 'pdq' || hasLooks || hash.variant === 'original'
    if (isShown) terminal.out(`  ${hash.type.padEnd(6)}  ${hash.value}${lookOf(hash)}`)
  }
  terminal.out(`  cid     ${cid}`)
}

function lookOf(hash: ImageHash): string {
  return hash.type === 'pdq' ? `  ${hash.variant}, ${hash.profile}, quality ${hash.quality}` : ''
}
