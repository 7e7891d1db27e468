import { readFileSync } from 'node:fs'

/** Memory that threads share; it grows in pages of 64 KiB and never shrinks. */
export type SharedMemory = {
  readonly buffer: SharedArrayBuffer
  /** Adds so many pages; views on the buffer that was have to be made anew to reach them. */
  grow(pages: number): number
}

/** What `src/kernels/assembly/hamming.ts` exports; addresses are bytes in the memory, negative above 2 GiB. */
export type HammingKernel = {
  scratchBytes(): number
  attach(scratch: number): void
  use(
    hashes: number,
    offsets: number,
    prints: number,
    printsPitch: number,
    ids: number,
    idsPitch: number,
    count: number,
  ): void
  needleAt(): number
  hitsAt(): number
  begin(radius: number): void
  step(effort: number): number
  isDone(): number
  scan(from: number, to: number, radius: number): number
  scanned(): number
  build(
    count: number,
    fromSlot: number,
    toSlot: number,
    hashes: number,
    offsets: number,
    prints: number,
    printsPitch: number,
    ids: number,
    idsPitch: number,
    lowBytes: number,
    scratch: number,
  ): void
}

/** The part of WebAssembly that is used here; Node's own types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => SharedMemory
}

/** Bytes of a page of memory. */
export const pageBytes = 65_536
/** The most pages that a memory can have: 4 GiB, some 30 million hashes. */
export const maxPages = 65_536

let compiled: object | undefined

/** Returns an instance of the kernel over a memory; the code is read and compiled once in each thread. */
export function instantiateHamming(memory: SharedMemory): HammingKernel {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../kernels/hamming.wasm', import.meta.url)))
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as HammingKernel
}

/** Returns a memory of at least so many bytes. @throws {RangeError} when that is more than it can have. */
export function createSharedMemory(bytes: number): SharedMemory {
  return new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes), maximum: maxPages, shared: true })
}
