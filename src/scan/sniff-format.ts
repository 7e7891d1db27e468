import type { ImageFormat } from '../model/image.ts'

/** What the first bytes say that a blob is: a format that is decoded, one refused by name, or nothing known. */
export type SniffedFormat = ImageFormat | 'svg' | 'heic' | undefined

const isoBrandsOfAvif: ReadonlySet<string> = new Set(['avif', 'avis'])
const isoBrandsOfHeic: ReadonlySet<string> = new Set([
  'heic',
  'heix',
  'heim',
  'heis',
  'hevc',
  'hevx',
  'hevm',
  'hevs',
])
/** Brands that say "a HEIF file" but not with which codec. */
const isoBrandsOfHeif: ReadonlySet<string> = new Set(['mif1', 'mif2', 'msf1', 'miaf'])
/** How far into a blob the start of an SVG document is looked for, in bytes. */
const maxSvgPreamble = 4096

/** Tells the format by the first bytes alone; a declared MIME type is the author's word and is not asked for. */
export function sniffFormat(bytes: Uint8Array): SniffedFormat {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, maxSvgPreamble))
  const text = head.toString('latin1')
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif'
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp'
  if (/^(?:II[*+]\0|MM\0[*+])/.test(text)) return 'tiff'
  if (text.startsWith('ftyp', 4)) return sniffIsoBrands(head)
  return isSvg(head) ? 'svg' : undefined
}

/** AVIF and HEIC share a container (ISO/IEC 23008-12): the brands of its first box tell them apart. */
function sniffIsoBrands(head: Buffer): SniffedFormat {
  const boxEnd = Math.min(head.readUInt32BE(0), head.length)
  const brandAt = (at: number): string => head.toString('latin1', at, at + 4)
  const major = brandAt(8)
  const compatible: string[] = []
  for (let at = 16; at + 4 <= boxEnd; at += 4) compatible.push(brandAt(at))
  if (isoBrandsOfAvif.has(major)) return 'avif'
  if (isoBrandsOfHeic.has(major)) return 'heic'
  if (!isoBrandsOfHeif.has(major)) return undefined
  return compatible.some((brand) => isoBrandsOfAvif.has(brand)) ? 'avif' : 'heic'
}

/** True for a document whose text begins as SVG does, in UTF-8 or either UTF-16. */
function isSvg(head: Buffer): boolean {
  const text = head.toString('latin1').replaceAll('\0', '')
  return /^(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*</.test(text) && /<svg[\s>:/]/i.test(text)
}
