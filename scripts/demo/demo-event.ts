/** Something the demo has to tell; times are epoch milliseconds, durations milliseconds. */
export type DemoEvent =
  | { readonly kind: 'section'; readonly title: string }
  | { readonly kind: 'step'; readonly text: string; readonly durationMs: number }
  | {
      /** One moment in the life of a posted image, counted from the moment its record was created. */
      readonly kind: 'moment'
      readonly uri: string
      readonly what: 'seen' | 'fetched' | 'hashed' | 'matched' | 'decided' | 'signed' | 'received' | 'failed'
      readonly text: string
      readonly sincePostMs: number
    }
  | { readonly kind: 'result'; readonly results: readonly DemoResult[] }
  | { readonly kind: 'note'; readonly text: string }

/** What was expected of one picture and what was found. */
export type DemoResult = {
  readonly picture: string
  readonly expected: string
  readonly found: string
  /** Bits to the nearest match; undefined without a match. */
  readonly distance: number | undefined
  /** From the creation of the record to the verified label at the subscriber; undefined without a label. */
  readonly postToLabelMs: number | undefined
  readonly isAsExpected: boolean
}

/** Takes what the demo tells, as it happens. */
export type Tell = (event: DemoEvent) => void
