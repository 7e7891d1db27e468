/** A rectangle of one colour in an animation, on top of the frames before it. */
export type AnimationFrame = {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
  /** A place in the palette of `gifOf`, 0 to 3. */
  readonly colour: number
}

/** The palette of `gifOf`: black, white, a dark and a light colour. */
const palette = [0, 0, 0, 255, 255, 255, 40, 60, 160, 230, 200, 120]

/** Encodes a GIF of plain rectangles on a canvas of a size, byte by byte, as no encoder would write it. */
export function gifOf(width: number, height: number, frames: readonly AnimationFrame[]): Buffer {
  const encoded = new Map<AnimationFrame, Buffer>()
  for (const frame of new Set(frames)) encoded.set(frame, encodeGifFrame(frame))
  const header = [Buffer.from('GIF89a', 'latin1'), u16(width, height), Buffer.from([0x81, 0, 0, ...palette])]
  return Buffer.concat([...header, ...frames.map((frame) => encoded.get(frame)!), Buffer.from([0x3b])])
}

function encodeGifFrame({ left, top, width, height, colour }: AnimationFrame): Buffer {
  const control = Buffer.from([0x21, 0xf9, 4, 4, 5, 0, 0, 0, 0x2c])
  const blocks = blocksOf(plainCodes(width * height, colour))
  return Buffer.concat([
    control,
    u16(left, top, width, height),
    Buffer.from([0, 2]),
    ...blocks,
    Buffer.from([0]),
  ])
}

/** Encodes a WebP animation of `count` frames that all are the still WebP in `still`, in the canvas's top left. */
export function webpOf(width: number, height: number, still: Uint8Array, count: number): Buffer {
  const header = chunk('VP8X', Buffer.concat([Buffer.from([2, 0, 0, 0]), u24(width - 1, height - 1)]))
  const frame = chunk('ANMF', Buffer.concat([u24(0, 0, 0, 0, 50), Buffer.from([0]), still.subarray(12)]))
  const body = [
    Buffer.from('WEBP', 'latin1'),
    header,
    chunk('ANIM', Buffer.alloc(6)),
    ...Array(count).fill(frame),
  ]
  return chunk('RIFF', Buffer.concat(body))
}

/** LZW codes of 3 bits for pixels of one colour: cleared so often that the codes never get longer. */
function plainCodes(pixels: number, colour: number): Buffer {
  const clear = 4
  const codes: number[] = []
  for (let pixel = 0; pixel < pixels; pixel++) {
    if (pixel % 2 === 0) codes.push(clear)
    codes.push(colour)
  }
  codes.push(5)
  const bytes = Buffer.alloc(Math.ceil((codes.length * 3) / 8) + 1)
  codes.forEach((code, index) => {
    const at = index * 3
    const shifted = code << (at % 8)
    bytes[at >> 3]! |= shifted & 255
    bytes[(at >> 3) + 1]! |= shifted >> 8
  })
  return bytes
}

/** Cuts data into GIF's blocks of at most 255 bytes, each after its length. */
function blocksOf(data: Buffer): readonly Buffer[] {
  const blocks: Buffer[] = []
  for (let at = 0; at < data.length; at += 255) {
    const block = data.subarray(at, at + 255)
    blocks.push(Buffer.from([block.length]), block)
  }
  return blocks
}

function chunk(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(8)
  header.write(name, 'latin1')
  header.writeUInt32LE(content.length, 4)
  return Buffer.concat([header, content, Buffer.alloc(content.length % 2)])
}

function u16(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value & 255, value >> 8]))
}

function u24(...values: readonly number[]): Buffer {
  return Buffer.from(values.flatMap((value) => [value & 255, (value >> 8) & 255, value >> 16]))
}
