import { type Setting, SettingProblem } from './setting.ts'

/** What documents of a kind look like, for messages: they name what was expected, and never a value, which may be a secret. */
export type DocumentWords = {
  /** The whole, such as `a JSON array of {"id": "…"}`. */
  readonly expected: string
  /** What has to differ between them, such as `each id once`. */
  readonly distinct: string
  readonly doc: string
}

/** Returns a setting that holds JSON documents, one or an array of them, each with an id of its own; never shown. */
export function secretDocuments<Document extends { readonly id: string }>(
  parseDocument: (item: unknown) => Document,
  { expected, distinct, doc }: DocumentWords,
): Setting<readonly Document[]> {
  return {
    parse(text) {
      const parsed = parseJson(text, expected)
      const list = (Array.isArray(parsed) ? parsed : [parsed]).map(parseDocument)
      const twice = list.find(({ id }, i) => list.findIndex((other) => other.id === id) < i)
      if (twice) throw new SettingProblem(distinct, `${twice.id} again`)
      return list
    },
    default: [],
    defaultText: '',
    doc,
    isSecret: true,
  }
}

function parseJson(text: string, expected: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new SettingProblem(expected, `${text.length} characters that are no JSON`)
  }
}
