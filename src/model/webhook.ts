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
