import { graphemeLen, utf8Len } from '@atproto/lex-data'
import { isValidLanguage } from '@atproto/syntax'

/** How a client shows a label: not at all, as something neutral, or as a warning. */
export const labelSeverities = ['inform', 'alert', 'none'] as const
/** What a client covers: all of the subject, its images and video, or nothing. */
export const labelBlurs = ['content', 'media', 'none'] as const
/** What a client does for users who have not chosen: nothing, what the definition says, or leaving the subject out. */
export const labelSettings = ['ignore', 'warn', 'hide'] as const

/** What a label is called in one language. */
export type LabelStrings = {
  /** A language tag (BCP 47), such as `en` or `pt-BR`. */
  readonly lang: string
  /** 1 to 64 graphemes. */
  readonly name: string
  /** 1 to 10,000 graphemes. */
  readonly description: string
}

/** How clients are to treat a label value: `com.atproto.label.defs#labelValueDefinition`. */
export type LabelDefinition = {
  /** The label value. */
  readonly identifier: string
  readonly severity: (typeof labelSeverities)[number]
  readonly blurs: (typeof labelBlurs)[number]
  readonly defaultSetting: (typeof labelSettings)[number]
  /** True binds the label to the user's setting for adult content: while that is off, clients hide the subject. */
  readonly adultOnly: boolean
  /** At least one; clients take the user's language, else the first. */
  readonly locales: readonly LabelStrings[]
}

/**
 * Values whose meaning is fixed: clients (`!hide`, `!warn`, `!no-unauthenticated`) and AppViews (`!takedown`, `!suspend`)
 * act on them by themselves, whether or not a labeler declares them, and a definition of them changes nothing.
 */
export const reservedLabelVals = ['!hide', '!warn', '!no-unauthenticated', '!takedown', '!suspend'] as const

/** Values that clients know without a definition. A labeler's own definition of one overrides the clients'. */
export const globalLabelVals = ['porn', 'sexual', 'nudity', 'graphic-media', 'gore'] as const

/** Tells whether the value's meaning is fixed, so that it must not be defined. */
export function isReservedVal(val: string): boolean {
  return (reservedLabelVals as readonly string[]).includes(val)
}

/** Tells whether clients act on the value without a definition of ours. */
export function isKnownToClients(val: string): boolean {
  return isReservedVal(val) || (globalLabelVals as readonly string[]).includes(val)
}

/** Returns what is wrong with the strings of one language, by the lexicon's bounds, or undefined. */
export function faultOfStrings({ lang, name, description }: LabelStrings): string | undefined {
  if (!isValidLanguage(lang)) return `expected a language tag such as en for lang but received ${lang}`
  if (!isWithin(name, 64)) return 'expected a name of 1 to 64 characters'
  if (!isWithin(description, 10_000)) return 'expected a description of 1 to 10000 characters'
  return undefined
}

/**
 * Returns the definition of a value that is declared by its name alone: a warning in front of the subject's images, shown
 * to everybody, called after the value.
 */
export function defaultDefinition(val: string): LabelDefinition {
  const words = val.replaceAll('-', ' ')
  const name = `${words.slice(0, 1).toUpperCase()}${words.slice(1, 64)}`
  return {
    identifier: val,
    severity: 'alert',
    blurs: 'media',
    defaultSetting: 'warn',
    adultOnly: false,
    locales: [{ lang: 'en', name, description: `This labeler has put "${words}" on this content.` }],
  }
}

/** The lexicon allows ten bytes for each grapheme. */
function isWithin(text: string, maxGraphemes: number): boolean {
  return text !== '' && utf8Len(text) <= maxGraphemes * 10 && graphemeLen(text) <= maxGraphemes
}
