import { priorities } from '../model/emission.ts'
import { imageUses } from '../model/image.ts'
import { globalLabelVals, reservedLabelVals } from '../model/label-definition.ts'
import { actingOpinions } from '../model/opinion.ts'

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
      uses: [avatar, banner]
      effects: [label: { val: known-image, on: account, priority: urgent }, review]
    - distance: 20
      effects: [label: known-image]
    - distance: 31
      effects:
        - label: { val: possibly-known-image, expiresAfter: 30d }
        - log
  my-tiered-bank:
    - tier: exact
      opinions: [confirmed, positive]
      effects:
        - block
        - takedown: { by: my-pds, of: record }
        - report:
            to: my-ozone
            reasonType: tools.ozone.report.defs#reasonSexualNCII
        - webhook: my-app
    - tier: exact
      effects: [label: known-image, review: escalated]
    - tier: near
      effects: [label: possibly-known-image, review]
    - distance: 256
      effects: [log]
  my-new-bank:
    dryRun: true
    tiers:
      - distance: 31
        effects: [label: known-image]
otherBanks:
  - distance: 256
    effects: [log]
`

/** The part of `docs/CONFIG.md` about the policy file, as Markdown. */
export const policyReference: string = `## The policy file

YAML, read at the start. Every problem in the file is listed with its line, all of them at once, and stops the start;
\`harrier policy check FILE\` tells them beforehand, and \`harrier policy replay FILE\` what the file would have done with the
images of the last days (docs/OPERATING.md). A first line \`# yaml-language-server: $schema=docs/policy.schema.json\`
(\`harrier policy schema\` prints it) has editors complete and check what is typed.

\`\`\`yaml
${examplePolicy}\`\`\`

| Key | What it is |
| --- | --- |
| \`labels\` | every value that may be published, and how clients are to treat it |
| \`reports\` | which reports of users are taken |
| \`banks\` | for each bank a list of tiers, or \`{ dryRun: true, tiers: [...] }\` |
| \`otherBanks\` | the tiers of all banks that are not named; they are logged without it |

### Tiers

**The first tier that holds a match decides.** A tier holds a match that is in its reach, and, where it names them, of its uses
and opinions:

| Key | Values | What it holds |
| --- | --- | --- |
| \`distance\` | 0 to 256 | matches up to so many bits, inclusive; a digest (MD5, SHA-1, SHA-256) matches at 0 |
| \`tier\` | a name | matches in the bank's tier of that name (\`harrier bank create --tiers near=16,far=31\`): the bounds are the bank's, and can be moved without a restart |
| \`uses\` | ${words(imageUses)} | images that records show as one of these: in a post, as an avatar or a banner of a profile, as anything else |
| \`opinions\` | ${words(actingOpinions)} | contents of which one of these is thought: confirmed by a person here, positive by members of an exchange, none by nobody, seed where members ask that it be looked into, disputed where they contradict one another |
| \`effects\` | a list | what the match calls for |

Each tier has either \`distance\` or \`tier\`. A name that the bank does not have holds nothing, and is told at the start. What is
negative is no opinion to act on: such a content suppresses its matches. A tier that can never decide, because tiers before it
hold all that it holds, is refused, with the lines of both.

### Effects

| Effect | What is done |
| --- | --- |
| \`log\` | nothing; the match is on the record, as every match is |
| \`label: VALUE\` | the label is published on the record; the value must be declared |
| \`label: { val: VALUE, on: account, expiresAfter: 30d, priority: urgent }\` | \`on: account\` labels the account instead, \`expiresAfter\` (\`s\`, \`m\`, \`h\`, \`d\`) lets it stop holding by itself, \`priority\` (${words(priorities)}) is its place where there is an emission budget |
| \`report: { to: TARGET, reasonType: REASON, on: account }\` | a report of the record, or of the account, with a target of \`HARRIER_TARGETS\`; the reason is one that clients know |
| \`takedown: { by: TARGET, of: blob }\` | the target takes down the blob, the \`record\` with its blobs, or the \`account\` |
| \`review\`, \`review: escalated\` | a review of the record for a person, escalated from the start where told |
| \`webhook: ENDPOINT\` | the endpoint of \`HARRIER_WEBHOOK_ENDPOINTS\` is told of the match, whatever events it asks for |
| \`block\` | the upload gate refuses the picture (docs/INTEGRATION.md); of what is published already it does nothing. A tier with \`uses\` never blocks, for what an upload will be shown as is not known: that is told at the start |

A target or an endpoint that the settings do not have, or that cannot do what is asked, stops the start. A bank with
\`dryRun: true\` is only tried: its matches are recorded, its effects are withheld as \`dry-run\`, each with an audit row, and
nothing is blocked for it.

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
- ${words(globalLabelVals)} are known to clients: alone they keep the clients' meaning, a definition
  overrides it for this labeler.
- ${words(reservedLabelVals)} have a fixed meaning and take no definition.
  \`!hide\` and \`!warn\` act in every client that subscribes; \`!takedown\` and \`!suspend\` only in AppViews that let this labeler
  take down.

Under \`reports:\` stands which reports the labeler takes: reasons, subjects (\`account\`, \`record\`, \`chat\`) and record types.
What is left out is not limited; an empty list takes none.
`

function words(list: readonly string[]): string {
  return list.map((val) => `\`${val}\``).join(', ')
}
