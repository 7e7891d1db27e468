import { createHash, type Hash } from 'node:crypto'
import type { Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { ByteCollector } from '../lib/byte-collector.ts'
import { type DigestHash, hashTypes } from '../model/hash.ts'
import { blobCidOf, type Cid } from '../model/ids.ts'

/** Tells by its first bytes whether a blob is a picture that is decoded. */
export type IsPicture = (head: Uint8Array) => boolean

/** How much of a body is looked at, and kept. */
export type InspectOptions = {
  /** A picture of more bytes is not kept. */
  readonly maxPictureBytes: number
  /** No more bytes are undone from a content encoding. */
  readonly maxBytes: number
}

/** A body that has arrived whole, as the PDS will store it: without its content encoding. */
export type InspectedBody = {
  readonly cid: Cid
  readonly size: number
  readonly digests: readonly DigestHash[]
} & (
  | { readonly kind: 'picture'; readonly bytes: Uint8Array }
  | { readonly kind: 'other' }
  /** A picture with too many bytes, or a body whose content encoding cannot be undone. */
  | { readonly kind: 'unreadable'; readonly reason: 'too-large' | 'encoding' }
)

type Kind = 'picture' | 'other' | 'too-large' | 'encoding'

/** How many bytes are seen before it is settled that a body is no picture: as far as sniffing looks. */
const headBytes = 4096
const digestTypes = hashTypes.filter((type) => type !== 'pdq')

/**
 * Looks at the bytes of one body as they arrive. Keeps the first of them, and of a picture in a content encoding what it
 * undoes: a body that comes as it is, is held elsewhere already.
 */
export class BodyInspector implements Disposable {
  readonly #isPicture: IsPicture
  readonly #options: InspectOptions
  readonly #hashes = new Map<DigestHash['type'], Hash>(digestTypes.map((type) => [type, createHash(type)]))
  readonly #decoders: readonly Transform[] | undefined
  readonly #kept = new ByteCollector()
  #size = 0
  #kind: Kind | 'undecided' = 'undecided'

  constructor(contentEncoding: string | undefined, isPicture: IsPicture, options: InspectOptions) {
    this.#isPicture = isPicture
    this.#options = options
    this.#decoders = createDecoders(contentEncoding)
    if (this.#decoders === undefined) this.#kind = 'encoding'
    this.#decoders?.forEach((decoder, at, all) => {
      const next = all[at + 1]
      decoder.on('data', (piece: Uint8Array) => (next ? next.write(piece) : this.#see(piece)))
      decoder.on('end', () => next?.end())
      decoder.on('error', () => this.#giveUp('encoding'))
    })
  }

  /** False while the body is, or may still be, a picture that is to be judged before any of it goes on. */
  get isNoPicture(): boolean {
    return this.#kind !== 'undecided' && this.#kind !== 'picture'
  }

  /** Takes in the next bytes as they came, and resolves when they have been looked at. */
  async write(piece: Uint8Array): Promise<void> {
    const [first] = this.#decoders ?? []
    if (!first) this.#see(piece)
    else if (!first.destroyed) {
      await new Promise<void>((resolve) => {
        // A decoder that fails never says that it is done with what it was given.
        first.once('close', resolve)
        first.write(piece, () => {
          first.off('close', resolve)
          resolve()
        })
      })
    }
  }

  /** Ends the body. Call once, after the last `write`, with all of it as it came, which is looked at only where it may be a picture. */
  async end(asItCame: Uint8Array): Promise<InspectedBody> {
    const last = this.#decoders?.at(-1)
    if (last && !last.destroyed && !last.readableEnded) {
      await new Promise<void>((resolve) => {
        last.once('close', resolve)
        this.#decoders?.[0]?.end()
      })
    }
    const kind = this.#kind === 'undecided' ? this.#settle() : this.#kind
    const sha256 = (this.#hashes.get('sha256') as Hash).copy().digest()
    const seen = {
      cid: blobCidOf(sha256),
      size: this.#size,
      digests: [...this.#hashes].map(([type, hash]) => ({ type, value: hash.digest('hex'), quality: 100 })),
    }
    if (kind === 'picture') return { ...seen, kind, bytes: this.#isEncoded ? this.#kept.take() : asItCame }
    return kind === 'other' ? { ...seen, kind } : { ...seen, kind: 'unreadable', reason: kind }
  }

  /** Lets go of what is kept and of the decoders. */
  [Symbol.dispose](): void {
    this.#kept.take()
    for (const decoder of this.#decoders ?? []) decoder.destroy()
  }

  get #isEncoded(): boolean {
    return this.#decoders === undefined || this.#decoders.length > 0
  }

  #see(piece: Uint8Array): void {
    if (this.#kind === 'encoding') return
    this.#size += piece.length
    if (this.#isEncoded && this.#size > this.#options.maxBytes) {
      this.#giveUp('encoding')
      return
    }
    for (const hash of this.#hashes.values()) hash.update(piece)
    if (this.isNoPicture) return
    if (this.#isEncoded || this.#kind === 'undecided') this.#kept.append(piece)
    if (this.#kind === 'undecided' && this.#size >= headBytes) this.#settle()
    if (this.#kind === 'picture' && this.#size > this.#options.maxPictureBytes) this.#giveUp('too-large')
  }

  #settle(): Kind {
    this.#kind = this.#isPicture(this.#kept.bytes) ? 'picture' : 'other'
    if (this.#kind === 'other' || !this.#isEncoded) this.#kept.take()
    return this.#kind
  }

  #giveUp(kind: 'too-large' | 'encoding'): void {
    this.#kind = kind
    this.#kept.take()
    if (kind === 'encoding') this[Symbol.dispose]()
  }
}

/** Undoes what the PDS undoes, the last encoding first; undefined for one that neither knows. */
function createDecoders(contentEncoding = ''): Transform[] | undefined {
  const decoders: Transform[] = []
  for (const name of contentEncoding.split(',').map((part) => part.trim().toLowerCase())) {
    if (name === 'gzip' || name === 'x-gzip') decoders.unshift(createGunzip())
    else if (name === 'deflate') decoders.unshift(createInflate())
    else if (name === 'br') decoders.unshift(createBrotliDecompress())
    else if (name !== '' && name !== 'identity') return undefined
  }
  return decoders
}
