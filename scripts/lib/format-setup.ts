import type { Difference } from '../../src/lib/differences.ts'
import type { Setup } from '../../src/setup.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

/** How far a setup has come. */
export type SetupState = 'planned' | 'conflict' | 'unchanged' | 'done'

/** Returns what a setup is about and what it would change, for people. */
export function formatSetup(setup: Setup, terminal: Pick<Terminal, 'style'>): string[] {
  const { did, endpoint, labelKey = 'a new one, to be kept', keyPlace, plan } = setup
  const facts = formatTable([
    ['account', plan.pdsUrl === undefined ? did : `${did} at ${printable(plan.pdsUrl)}`],
    ['address', endpoint],
    ['label key', `${labelKey} (${keyPlace})`],
  ])
  const kept = (plan.record?.kept ?? []).map(
    (val) => `  ${printable(val)} stays, though the policy file does not declare it; --prune drops it`,
  )
  return [
    ...facts,
    '',
    terminal.style('bold', 'DID document'),
    ...linesOf(plan.documentDifferences, terminal, 'nothing else in it changes'),
    ...(plan.plc || plan.documentDifferences.length === 0 ? [] : webLines(setup)),
    '',
    terminal.style('bold', 'Record app.bsky.labeler.service/self'),
    ...(plan.record
      ? linesOf(plan.record.differences, terminal, 'nothing else in it changes')
      : ['  none: the DID document names no host of an account']),
    ...kept,
  ]
}

/** Returns the same as one line of JSON. */
export function formatSetupJson({ did, endpoint, labelKey, plan }: Setup, state: SetupState): string {
  const { documentDifferences, record } = plan
  return JSON.stringify({
    state,
    did,
    endpoint,
    labelKey: labelKey ?? null,
    document: documentDifferences.map(placeOf),
    record: record ? record.differences.map(placeOf) : null,
    kept: record?.kept ?? [],
  })
}

function placeOf({ path, before, after }: Difference): object {
  return { at: path.join('.'), before, after }
}

function linesOf(
  differences: readonly Difference[],
  { style }: Pick<Terminal, 'style'>,
  rest: string,
): string[] {
  if (differences.length === 0) return ['  is as it should be']
  const lines = differences.map(({ path, before, after }) => {
    const place = printable(path.join('.'))
    if (before === undefined) return style('green', `  + ${place}: ${textOf(after)}`)
    if (after === undefined) return style('red', `  - ${place}: ${textOf(before)}`)
    return style('yellow', `  ~ ${place}: ${textOf(before)} -> ${textOf(after)}`)
  })
  return [...lines, `  ${rest}`]
}

function textOf(value: unknown): string {
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

function webLines({ webDocument }: Setup): string[] {
  if (!webDocument)
    return [
      '  Only who serves it can change that. The key is made when harrier serve starts; run setup again then.',
    ]
  const { verificationMethod, service } = webDocument
  return [
    '  Only who serves it can change that. It has to contain:',
    ...JSON.stringify({ verificationMethod, service }, undefined, 2)
      .split('\n')
      .map((line) => `  ${line}`),
  ]
}
