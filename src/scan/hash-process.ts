/*
 * The entry of a decoder process: receives the bytes of one image at a time, answers with its hashes. Started only by
 * `hash-child.ts`, under the flags of `confine-child.ts`; it holds no secrets and dies with its parent.
 */
import { messageOf } from '../lib/errors.ts'
import { createImageHasher } from './hash-image.ts'
import type { HashReply, HashRequest } from './hash-message.ts'

const maxPixels = Number(process.argv[2])
if (!Number.isSafeInteger(maxPixels))
  throw new Error(`Expected a whole number for maxPixels but received ${maxPixels}`)
const hashImage = createImageHasher({ maxPixels })

// The parent is gone. A plain exit would wait for a decode that may never end.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
// A terminal's Ctrl-C reaches the whole group; the parent decides when its children end.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})
process.on('message', (request: HashRequest) => {
  hashImage(request.bytes).then(
    (outcome) => reply({ kind: 'done', outcome }),
    (error: unknown) => reply({ kind: 'failed', message: messageOf(error) }),
  )
})
reply({ kind: 'ready' })

function reply(message: HashReply): void {
  process.send?.(message)
}
