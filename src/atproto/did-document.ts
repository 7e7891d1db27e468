/** A DID document, as far as Harrier writes one. */
export type DidDocument = {
  readonly '@context': readonly string[]
  readonly id: string
  readonly verificationMethod: readonly {
    readonly id: string
    readonly type: 'Multikey'
    readonly controller: string
    readonly publicKeyMultibase: string
  }[]
  readonly service: readonly {
    readonly id: string
    readonly type: string
    readonly serviceEndpoint: string
  }[]
}

/** What a labeler's DID document says. */
export type DidDocumentFacts = {
  /** The labeler: a `did:web`, since a `did:plc` document is served by the PLC directory. */
  readonly did: string
  /** The label key's public half, `z…`. */
  readonly publicKeyMultibase: string
  /** Scheme, host and port of the public listener as the world reaches it; no path. */
  readonly endpoint: string
}

/** Returns the document that a `did:web` labeler serves at `/.well-known/did.json`: its label key and its endpoint. */
export function createDidDocument({ did, publicKeyMultibase, endpoint }: DidDocumentFacts): DidDocument {
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    verificationMethod: [
      { id: `${did}#atproto_label`, type: 'Multikey', controller: did, publicKeyMultibase },
    ],
    service: [{ id: '#atproto_labeler', type: 'AtprotoLabeler', serviceEndpoint: new URL(endpoint).origin }],
  }
}
