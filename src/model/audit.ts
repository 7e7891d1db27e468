/** One thing that was done, by whom, to what. */
export type AuditEntry = {
  /** ISO 8601. */
  readonly at: string
  /** `harrier` for the machine, `cli` for the operator's command line, `hma` for the HTTP API of Hasher-Matcher-Actioner. */
  readonly actor: string
  /** Dotted, such as `label.published`. */
  readonly action: string
  /** A DID, a record's URI, a blob's CID, or a bank's name. */
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

/** A row of the audit as it is chained: everything is text as it is stored, and nothing is read anew. */
export type AuditChainRow = {
  /** Rises by one from row to row; the first is 1. */
  readonly id: number
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly subject: string
  /** JSON, as it was written. */
  readonly details: string
  /** The SHA-256 over the hash before it and the row, 64 lower-case hex digits: see `model/audit-chain.ts`. */
  readonly hash: string
}

/** A place on the chain: a row, by its number and its hash. Number 0 stands before the first row. */
export type AuditPlace = { readonly id: number; readonly hash: string }

/** What a labeler says of its audit: that this row had this hash. */
export type AuditHead = AuditPlace & {
  /** The labeler. */
  readonly did: string
  /** The label key that signs it, `did:key:…`. */
  readonly key: string
  /** The name that the database was given when it was made; the chain begins with it. */
  readonly databaseId: string
  /** When it was signed; ISO 8601. */
  readonly at: string
}

/** A head with the signature over `encodeAuditHead`: 64 bytes in hex, r then s, low-S. */
export type SignedAuditHead = { readonly head: AuditHead; readonly sig: string }

/** How a chain can be broken, each with what it means. */
export const chainFaults = {
  changed: 'what the row says, or its hash, is not what it was',
  missing: 'rows were taken away',
  added: 'rows were put in',
  order: 'rows stand in another order',
} as const

/** One key of `chainFaults`. */
export type ChainFault = keyof typeof chainFaults

/** What became of checking a chain. */
export type ChainCheck =
  | {
      readonly kind: 'intact'
      /** The row before the first that was checked. */
      readonly after: AuditPlace
      readonly rows: number
      /** The last row, or `after` where there is none. */
      readonly last: AuditPlace
    }
  | {
      readonly kind: 'broken'
      /** The number of the first row that is not as it was: for `missing`, of the first that is gone. */
      readonly row: number
      readonly fault: ChainFault
      /** What was found there, a sentence without a full stop. */
      readonly finding: string
    }
