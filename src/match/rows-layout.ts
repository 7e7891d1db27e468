/** Where everything is in the memory of some rows, in bytes. A row is a hash with who owns it. */
export type RowsLayout = {
  /** Rows that there is room for. */
  readonly capacity: number
  /** Scratch of each of `maxReaders` kernels. */
  readonly scratch: number
  /** For each row: its hash (32 bytes), its content (u32), its bank's number (u16), and whether it is removed (a bit). */
  readonly hashes: number
  readonly contents: number
  readonly banks: number
  readonly removed: number
  /** What a search needs, 16 tables each: bucket offsets, prints and rows. Absent where rows are only scanned. */
  readonly tables?: RowsTables
  /** All of it. */
  readonly bytes: number
}

/** The tables of the 16 slots; of prints and ids, `...Pitch` bytes apart. */
export type RowsTables = {
  readonly offsets: number
  readonly prints: number
  readonly printsPitch: number
  readonly ids: number
  readonly idsPitch: number
}

/** Kernels that can search the same rows at the same time: two of the service, and one for each thread of a benchmark. */
export const maxReaders = 4
/** What a kernel is given, in bytes; more than it asks for. */
export const readerBytes: number = 96 * 1024
/** The slots of a hash, and the bytes of one slot's offsets. */
export const slots = 16
const offsetsBytes = 65_537 * 4
/** Prints are read beyond a bucket's end. */
const printsPadding = 1_024
/** Static data of the kernel comes first. */
const firstByte = 1_024

/** Returns the layout for so many rows, with or without the tables of a search. */
export function layoutOf(capacity: number, hasTables: boolean): RowsLayout {
  let end = firstByte
  const place = (bytes: number): number => {
    const at = end
    end = aligned(at + bytes)
    return at
  }
  const scratch = place(maxReaders * readerBytes)
  const tables = hasTables ? placeTables(capacity, place) : undefined
  const hashes = place(capacity * 32)
  const contents = place(capacity * 4)
  const banks = place(capacity * 2)
  const removed = place(Math.ceil(capacity / 8))
  return { capacity, scratch, hashes, contents, banks, removed, bytes: end, ...(tables && { tables }) }
}

function placeTables(capacity: number, place: (bytes: number) => number): RowsTables {
  const printsPitch = aligned(capacity * 2 + printsPadding)
  const idsPitch = aligned(capacity * 4)
  return {
    offsets: place(slots * offsetsBytes),
    prints: place(slots * printsPitch),
    printsPitch,
    ids: place(slots * idsPitch),
    idsPitch,
  }
}

/** Whole cache lines. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 64) * 64
}
