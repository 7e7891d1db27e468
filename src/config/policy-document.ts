import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { messageOf } from '../lib/errors.ts'

/** What is wrong with a policy file, and where. */
export type PolicyProblem = {
  /** The first is 1. */
  readonly line: number
  /** Such as `banks.my-bank.0.distance`; empty for the file itself. */
  readonly path: string
  readonly message: string
}

/** A YAML text that was read. */
export type PolicyDocument = {
  /** Plain data; an empty object for an empty text. */
  readonly value: unknown
  /** Returns the line of the value, or of the key, at a path; of what it would be in where it is not there. */
  readonly lineOf: (path: readonly PropertyKey[]) => number
}

/** Returns the data of a YAML text with the places of its lines, or what is wrong with it as YAML. */
export function readPolicyDocument(text: string): PolicyDocument | { readonly problems: PolicyProblem[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map(({ pos, message }) => ({
        line: lines.linePos(pos[0]).line,
        path: '',
        message,
      })),
    }
  }
  const nodeAt = (path: readonly PropertyKey[]): unknown => {
    const node = path.length === 0 ? document.contents : document.getIn(path, true)
    // What is empty or unknown is found by its key.
    const parent = path.length < 2 ? document.contents : document.getIn(path.slice(0, -1), true)
    const isEmpty = isScalar(node) && node.value === null
    if ((isNode(node) && !isEmpty) || !isMap(parent)) return node
    return parent.items.find(({ key }) => isScalar(key) && String(key.value) === path.at(-1))?.key
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = nodeAt(path.slice(0, depth))
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  try {
    return { value: document.toJS({ maxAliasCount: 0 }) ?? {}, lineOf }
  } catch (error) {
    // An alias can make a small file huge; there is nothing that a policy needs one for.
    return { problems: [{ line: 1, path: '', message: `expected no aliases (${messageOf(error)})` }] }
  }
}
