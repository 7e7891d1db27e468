import { readFileSync } from 'node:fs'

/** What `src/kernels/assembly/pdq.ts` exports; addresses are bytes in `memory`. */
export type PdqWasm = {
  readonly memory: { readonly buffer: ArrayBuffer }
  begin(
    columns: number,
    rows: number,
    layout: number,
    fetch: number,
    columnStep: number,
    rowStep: number,
    stagedBytes: number,
  ): void
  push(live: number, at: number): void
  finish(): number
  finishPlain(): number
  finishTurned(isTransposed: number, negatesEvenRows: number, negatesEvenColumns: number): void
  offsetsAt(): number
  rowStartsAt(): number
  stagedAt(): number
  cosinesAt(): number
  dctAt(): number
  hashAt(): number
}

/** The part of WebAssembly that is used here; Node's own types leave it to those of browsers. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

let compiled: object | undefined

/** Returns an instance of the kernel, with a memory of its own; it is read and compiled once per process. */
export function instantiatePdq(): PdqWasm {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../kernels/pdq.wasm', import.meta.url)))
  return new WebAssembly.Instance(compiled).exports as PdqWasm
}
