import { pause } from './pause.ts'

/** Waits for the bell, at most so many milliseconds: for what may come without ringing it. */
export async function firstOf(bell: Promise<void>, ms: number): Promise<void> {
  const over = new AbortController()
  await Promise.race([bell, pause(ms, over.signal)])
  over.abort()
}
