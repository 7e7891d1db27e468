/**
 * The front door of Harrier's own XRPC methods, `tools.harrier.*`, on the public listener.
 *
 * Owns: who may call them, and the shape of requests and answers. Leaves to others: what they take and give, which
 * `lexicons/` declares and the types of `src/lexicons/` are made of; every answer's content (`harrier-services.ts`).
 * Invariants: nothing is answered, and no body read, without a caller that is good for the method; a search that names a
 * bank that does not exist is refused; what a caller sends is bounded in bytes and time, and nothing of it is logged.
 *
 * callers.ts   keys and tokens between services; scan.ts, match.ts, banks.ts, contents.ts the methods; shapes.ts what they
 *              share
 */
import type { Server as XrpcServer } from '@atproto/xrpc-server'
import { addBankMethods } from './banks.ts'
import { createCallerAuth } from './callers.ts'
import { addContentMethods } from './contents.ts'
import type { HarrierMethodsDeps, HarrierMethodsOptions } from './harrier-services.ts'
import { addMatchMethods } from './match.ts'
import { addScanMethods } from './scan.ts'

/** Adds every method. */
export function addHarrierMethods(
  xrpc: XrpcServer,
  deps: HarrierMethodsDeps,
  options: HarrierMethodsOptions,
): void {
  const auth = createCallerAuth(deps, options)
  addScanMethods(xrpc, deps, options, auth)
  addMatchMethods(xrpc, deps, options, auth)
  addBankMethods(xrpc, deps, auth)
  addContentMethods(xrpc, deps, auth)
}
