/*
 * The entry of a signing thread: signs what it is sent, in order, with one key. It is told what to do by
 * `signing-thread.ts`, and signs nothing before its signer has shown again, in this thread, that it signs correctly.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { chooseSigner } from './choose-signer.ts'
import type { SigningThreadData } from './signing-thread.ts'

const { curve, secret, didKey } = workerData as SigningThreadData
const { sign } = await chooseSigner(curve, secret, didKey)
// Ready: the answer to no message.
parentPort?.postMessage([])

parentPort?.on('message', async (messages: readonly Uint8Array[]) => {
  const signatures: Uint8Array[] = []
  for (const bytes of messages) signatures.push(await sign(bytes))
  parentPort?.postMessage(signatures)
})
