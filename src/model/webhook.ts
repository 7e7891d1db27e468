/** A webhook as it came, before it is believed. */
export type Delivery = {
  /** The body, byte for byte. */
  readonly body: Uint8Array
  readonly signature: string | undefined
  /** What the sender gives as its time, which then is signed too. */
  readonly timestamp: string | undefined
}

/** An event that a Hasher-Matcher-Actioner sends. */
export type HmaEvent = {
  /** What the delivery is called: the same again is processed once. */
  readonly deliveryId: string
  readonly type: string
  /** What has matched; undefined for events about the service itself. */
  readonly contentId: string | undefined
  readonly isSevere: boolean
}

/** What an app tells by webhook. */
export type AppEvent = {
  /** What the delivery is called: the same again is processed once. */
  readonly deliveryId: string
} & (
  | { readonly kind: 'image'; readonly contentId: string; readonly imageUrl: string }
  | {
      readonly kind: 'moderation'
      readonly contentId: string
      /** What the app's moderator did, in the app's words. */
      readonly action: string
      /** True where that undoes a takedown, or says that a match is none. */
      readonly isReversal: boolean
    }
  /** What a matching service has come to, as the service of the Flask era sends it. */
  | { readonly kind: 'result'; readonly contentId: string; readonly result: AppResult }
  | { readonly kind: 'other'; readonly type: string }
)

/** A result that another service tells, in its own words. */
export type AppResult = {
  readonly author: string | undefined
  readonly bank: string | undefined
  readonly hashType: string | undefined
  readonly distance: number | undefined
  readonly taken: string | undefined
}
