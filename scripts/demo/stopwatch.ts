import type { Tell } from './demo-event.ts'

/** Returns a function that tells a finished step with the time since the one before it. */
export function createStopwatch(tell: Tell): (text: string) => void {
  let last = performance.now()
  return (text) => {
    const now = performance.now()
    tell({ kind: 'step', text, durationMs: now - last })
    last = now
  }
}
