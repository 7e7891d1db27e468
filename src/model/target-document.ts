import type { Did } from './ids.ts'

/** An account that acts at a moderation service, through its own host. */
export type ActingDocument = {
  /** Handle or DID. */
  readonly identifier: string
  readonly password: string
  /** The address of its host; undefined to have that looked up. */
  readonly pds: string | undefined
}

/** A target as the operator configures it. It holds secrets. */
export type TargetDocument =
  | {
      readonly kind: 'pds'
      readonly id: string
      readonly url: string
      /** The DID of the PDS itself. */
      readonly did: Did
      /** Undefined where the PDS takes takedowns from the labeler. */
      readonly adminPassword: string | undefined
    }
  | { readonly kind: 'ozone'; readonly id: string; readonly did: Did; readonly acting: ActingDocument }
  | {
      readonly kind: 'ozone'
      readonly id: string
      readonly did: Did
      readonly url: string
      readonly adminPassword: string
      readonly acting: undefined
    }
  | { readonly kind: 'moderation'; readonly id: string; readonly did: Did; readonly acting: ActingDocument }
