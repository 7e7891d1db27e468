import { setTimeout as rest } from 'node:timers/promises'
import type { StoredEffect } from '../../src/model/effect.ts'
import type { ActingTools, Lifting } from '../../src/tools.ts'
import type { ExitCode } from './command.ts'
import { describeEffect } from './format-effects.ts'
import type { Terminal } from './terminal.ts'

const pollMs = 250
/** So long nothing may change before the wait is given up: the service may not run. */
const patienceMs = 60_000

/**
 * Waits until the running service has carried out what was undone, and shows each effect as it ends. Returns 1 when one is stuck,
 * or nothing happens for a minute: what was undone stays so, and the service goes on with it.
 */
export async function waitForLifting(
  acting: Pick<ActingTools, 'liftingOf'>,
  effects: readonly StoredEffect[],
  isJson: boolean,
  terminal: Terminal,
): Promise<ExitCode> {
  let open: readonly Pick<StoredEffect, 'id'>[] = effects
  let hasStuck = false
  let changedAt = performance.now()
  for (;;) {
    const found = await Promise.all(open.map((effect) => acting.liftingOf(effect)))
    for (const lifting of found) if (lifting.state !== 'waits') tell(lifting, isJson, terminal)
    hasStuck ||= found.some(({ state }) => state === 'stuck')
    const waiting = found.flatMap(({ state, effect }) => (state === 'waits' ? [effect] : []))
    if (waiting.length < open.length) changedAt = performance.now()
    open = waiting
    if (open.length === 0) return hasStuck ? 1 : 0
    if (performance.now() - changedAt > patienceMs) break
    terminal.progress(`waits for the service to undo ${open.length}`)
    await rest(pollMs)
  }
  terminal.err(
    `harrier: ${open.length} still wait for the service; does it run? They are undone when it does: see harrier effects`,
  )
  return 1
}

function tell({ effect, state }: Lifting, isJson: boolean, terminal: Terminal): void {
  if (isJson) return terminal.out(JSON.stringify({ ...effect, lifting: state }))
  const words = effect.outcome === undefined ? '' : ` (${effect.outcome})`
  const line = `${state === 'done' ? effect.state : 'not lifted'} ${describeEffect(effect)}${words}`
  if (state === 'done') terminal.out(line)
  else terminal.err(`harrier: ${line}; see harrier outbox list, then harrier outbox retry`)
}
