import { type Setting, SettingProblem } from './setting.ts'

/** The settings of whoever gives commands. */
export type PersonConfig = { readonly actor: string | undefined }

/** Those of `settings` that are about whoever gives commands. */
export const personSettings: { readonly [Name in keyof PersonConfig]: Setting<PersonConfig[Name]> } = {
  actor: {
    parse(text) {
      if (isPersonName(text)) return text
      throw new SettingProblem('1 to 64 of A-Z a-z 0-9 _ . @ -', JSON.stringify(text.slice(0, 100)))
    },
    default: undefined,
    defaultText: 'the user of the operating system',
    doc: 'Who you are, for claims on reviews and in the audit of decisions about them: 1 to 64 of A-Z a-z 0-9 _ . @ -',
  },
}

/** Type guard for what a person is called in the audit, behind `cli:`. */
export function isPersonName(text: string): boolean {
  return /^[\w.@-]{1,64}$/.test(text)
}
