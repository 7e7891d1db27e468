import { integer, type Setting } from './setting.ts'

/** The settings of the brakes. */
export type ActingConfig = {
  readonly dailyLabels: number
  readonly dailyTakedowns: number
  readonly dailyReports: number
  readonly floodMatches: number
  readonly floodFactor: number
}

const most = 1_000_000_000

/** Those of `settings` that are about the brakes. */
export const actingSettings: { readonly [Name in keyof ActingConfig]: Setting<ActingConfig[Name]> } = {
  dailyLabels: integer(10_000, {
    min: 0,
    max: most,
    doc: 'Most labels that matches call for in a day (UTC); what is beyond waits in a review for a person. 0 is no limit',
  }),
  dailyTakedowns: integer(200, {
    min: 0,
    max: most,
    doc: 'Most takedowns that matches call for in a day, likewise',
  }),
  dailyReports: integer(2_000, {
    min: 0,
    max: most,
    doc: 'Most reports that matches call for in a day, likewise',
  }),
  floodMatches: integer(200, {
    min: 1,
    max: most,
    doc: 'Matches of one content in an hour up to which it is believed, whatever it matched before',
  }),
  floodFactor: integer(10, {
    min: 1,
    max: 1_000,
    doc: 'A content that matches more than this many times its mean hour of the last week, and more than HARRIER_FLOOD_MATCHES, calls for nothing until a person has released it',
  }),
}
