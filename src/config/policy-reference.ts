import { globalLabelVals, reservedLabelVals } from '../model/label-definition.ts'

/** The policy that the reference shows; a test reads it. */
export const examplePolicy = `labels:
  - possibly-known-image
  - identifier: known-image
    severity: alert
    blurs: content
    defaultSetting: hide
    adultOnly: false
    locales:
      - lang: en
        name: Known image
        description: This image is in a bank of images that must not be spread.
      - lang: de
        name: Bekanntes Bild
        description: Dieses Bild steht in einer Sammlung von Bildern, die nicht verbreitet werden dürfen.
reports:
  reasonTypes:
    - com.atproto.moderation.defs#reasonSexual
    - tools.ozone.report.defs#reasonSexualNCII
  subjectTypes: [record]
  subjectCollections: [app.bsky.feed.post]
banks:
  my-bank:
    - distance: 20
      effects: [label: known-image]
    - distance: 31
      effects:
        - label: { val: possibly-known-image, expiresAfter: 30d }
        - log
  my-tiered-bank:
    - tier: exact
      effects: [block, label: known-image]
    - tier: near
      effects: [label: possibly-known-image]
    - distance: 256
      effects: [log]
otherBanks:
  - distance: 256
    effects: [log]
`

/** The part of `docs/CONFIG.md` about the policy file, as Markdown. */
export const policyReference: string = `## The policy file

YAML, read at the start. Each bank has tiers by rising distance (bits, 0 to 256, inclusive); the first tier that holds a
match decides. Instead of \`distance:\` a tier can say \`tier:\`, a name that the bank has for part of its distance
(\`harrier bank create --tiers near=16,far=31\`): then the bounds are the bank's, and can be moved without a restart. A name
that the bank does not have holds nothing, and is told at the start. An effect is \`log\`, \`block\`, or \`label:\` with one of the values that \`labels:\` declares.
\`block\` makes the upload gate refuse the picture (docs/INTEGRATION.md); of what is published already it does nothing. A label can also say more, as
\`{ val: known-image, on: account, expiresAfter: 30d, priority: urgent }\`: \`on: account\` labels the account instead of the
record, \`expiresAfter\` (seconds \`s\`, minutes \`m\`, hours \`h\`, days \`d\`) lets it stop holding by itself, and
\`priority\` (\`urgent\`, \`normal\`, \`bulk\`) is its place where there is an emission budget. Banks that are not named
follow \`otherBanks\`, which logs unless told otherwise. A digest (MD5, SHA-1, SHA-256) matches at distance 0. Every problem in the
file is listed with its line, and stops the start.

\`\`\`yaml
${examplePolicy}\`\`\`

### Labels

\`harrier setup\` publishes what \`labels:\` and \`reports:\` say as the labeler's record, \`app.bsky.labeler.service/self\`;
run it again after a change. An entry of \`labels:\` is a value alone, or its definition in the words of the lexicon:

| Key | Values | What clients do with it |
| --- | --- | --- |
| \`identifier\` | 1 to 100 of a-z and -, none at either end | the value that is published; clients ignore any other |
| \`severity\` | \`inform\`, \`alert\`, \`none\` | show the label as something neutral, as a warning, or not |
| \`blurs\` | \`content\`, \`media\`, \`none\` | cover the whole post, its images and video, or nothing |
| \`defaultSetting\` | \`ignore\`, \`warn\` (default), \`hide\` | for users who have not chosen: nothing, the above, or leave it out of lists |
| \`adultOnly\` | \`true\`, \`false\` (default) | hide it from users without adult content, whatever the default |
| \`locales\` | at least one of \`lang\`, \`name\` (1 to 64), \`description\` (1 to 10,000 characters) | name and explain the label |

- A value alone is published as \`alert\`, \`media\`, \`warn\`, for everybody, in English and called after the value; unless the
  record has a definition of it already, which then stays.
- ${knownVals(globalLabelVals)} are known to clients: alone they keep the clients' meaning, a definition
  overrides it for this labeler.
- ${knownVals(reservedLabelVals)} have a fixed meaning and take no definition.
  \`!hide\` and \`!warn\` act in every client that subscribes; \`!takedown\` and \`!suspend\` only in AppViews that let this labeler
  take down.

Under \`reports:\` stands which reports the labeler takes: reasons, subjects (\`account\`, \`record\`, \`chat\`) and record types.
What is left out is not limited; an empty list takes none.
`

function knownVals(vals: readonly string[]): string {
  return vals.map((val) => `\`${val}\``).join(', ')
}
