/**
 * Tells whether CBOR nests deeper than `maxDepth` containers (arrays, maps and tags), in one pass and without recursion.
 * To be asked before a decoder, which recurses. The bytes may hold several items, one after another. Malformed bytes
 * are not judged: the answer then covers what comes before the fault, and the decoder reports it.
 */
export function isCborDeeperThan(bytes: Uint8Array, maxDepth: number): boolean {
  // How many items each open container still waits for.
  const open: number[] = []
  let at = 0
  while (at < bytes.length) {
    const head = readHead(bytes, at)
    if (head === undefined) return false
    at = head.end
    if (head.major === 2 || head.major === 3) at += head.argument
    else if (isContainer(head.major) && itemsOf(head) > 0) {
      if (open.length >= maxDepth) return true
      open.push(itemsOf(head))
      continue
    }
    closeFinished(open)
  }
  return false
}

type Head = { readonly major: number; readonly argument: number; readonly end: number }

/** Major types: 0 and 1 integers, 2 bytes, 3 text, 4 array, 5 map, 6 tag, 7 simple (RFC 8949, section 3.1). */
function readHead(bytes: Uint8Array, at: number): Head | undefined {
  const first = bytes[at] as number
  const info = first & 31
  const major = first >> 5
  if (info < 24) return { major, argument: info, end: at + 1 }
  const size = info <= 27 ? 2 ** (info - 24) : 0
  const end = at + 1 + size
  // Indefinite lengths and reserved values are outside of DAG-CBOR.
  if (size === 0 || end > bytes.length) return undefined
  let argument = 0
  for (let index = at + 1; index < end; index++) argument = argument * 256 + (bytes[index] as number)
  return { major, argument, end }
}

function isContainer(major: number): boolean {
  return major >= 4 && major <= 6
}

function itemsOf({ major, argument }: Head): number {
  if (major === 6) return 1
  return major === 5 ? argument * 2 : argument
}

/** An item is complete: so is every container that waited for just that one. */
function closeFinished(open: number[]): void {
  while (open.length > 0) {
    const left = (open.pop() as number) - 1
    if (left > 0) {
      open.push(left)
      return
    }
  }
}
