import type { LexiconDoc } from '@atproto/lexicon'

/**
 * The published lexicons of what we serve, as in the `atproto` repository; a test compares them with `@atproto/api`.
 * They are carried here because importing that package for two documents costs half a second and 66 MB. Of
 * `com.atproto.label.defs` only `#label` is here: nothing served refers to the rest.
 */
export const labelLexicons: LexiconDoc[] = [
  {
    lexicon: 1,
    id: 'com.atproto.label.queryLabels',
    defs: {
      main: {
        type: 'query',
        description:
          'Find labels relevant to the provided AT-URI patterns. Public endpoint for moderation services, though may return different or additional results with auth.',
        parameters: {
          type: 'params',
          required: ['uriPatterns'],
          properties: {
            uriPatterns: {
              type: 'array',
              items: { type: 'string' },
              description:
                "List of AT URI patterns to match (boolean 'OR'). Each may be a prefix (ending with '*'; will match inclusive of the string leading to '*'), or a full URI.",
            },
            sources: {
              type: 'array',
              items: { type: 'string', format: 'did' },
              description: 'Optional list of label sources (DIDs) to filter on.',
            },
            limit: { type: 'integer', minimum: 1, maximum: 250, default: 50 },
            cursor: { type: 'string' },
          },
        },
        output: {
          encoding: 'application/json',
          schema: {
            type: 'object',
            required: ['labels'],
            properties: {
              cursor: { type: 'string' },
              labels: { type: 'array', items: { type: 'ref', ref: 'lex:com.atproto.label.defs#label' } },
            },
          },
        },
      },
    },
  },
  {
    lexicon: 1,
    id: 'com.atproto.label.defs',
    defs: {
      label: {
        type: 'object',
        description: 'Metadata tag on an atproto resource (eg, repo or record).',
        required: ['src', 'uri', 'val', 'cts'],
        properties: {
          ver: { type: 'integer', description: 'The AT Protocol version of the label object.' },
          src: { type: 'string', format: 'did', description: 'DID of the actor who created this label.' },
          uri: {
            type: 'string',
            format: 'uri',
            description:
              'AT URI of the record, repository (account), or other resource that this label applies to.',
          },
          cid: {
            type: 'string',
            format: 'cid',
            description:
              "Optionally, CID specifying the specific version of 'uri' resource this label applies to.",
          },
          val: {
            type: 'string',
            maxLength: 128,
            description: 'The short string name of the value or type of this label.',
          },
          neg: {
            type: 'boolean',
            description: 'If true, this is a negation label, overwriting a previous label.',
          },
          cts: { type: 'string', format: 'datetime', description: 'Timestamp when this label was created.' },
          exp: {
            type: 'string',
            format: 'datetime',
            description: 'Timestamp at which this label expires (no longer applies).',
          },
          sig: { type: 'bytes', description: 'Signature of dag-cbor encoded label.' },
        },
      },
    },
  },
]
