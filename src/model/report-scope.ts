const reasons = 'Spam Violation Misleading Sexual Rude Other Appeal'

const ozoneReasons = `Appeal Other
  ViolenceAnimal ViolenceThreats ViolenceGraphicContent ViolenceGlorification ViolenceExtremistContent
  ViolenceTrafficking ViolenceOther
  SexualAbuseContent SexualNCII SexualDeepfake SexualAnimal SexualUnlabeled SexualOther
  ChildSafetyCSAM ChildSafetyGroom ChildSafetyPrivacy ChildSafetyHarassment ChildSafetyOther
  HarassmentTroll HarassmentTargeted HarassmentHateSpeech HarassmentDoxxing HarassmentOther
  MisleadingBot MisleadingImpersonation MisleadingSpam MisleadingScam MisleadingElections MisleadingOther
  RuleSiteSecurity RuleProhibitedSales RuleBanEvasion RuleOther
  SelfHarmContent SelfHarmED SelfHarmStunts SelfHarmSubstances SelfHarmOther`

/** Every reason that clients can give for a report: the seven old ones, and those that replace them. */
export const reportReasons: readonly string[] = [
  ...reasons.split(' ').map((name) => `com.atproto.moderation.defs#reason${name}`),
  ...ozoneReasons.split(/\s+/).map((name) => `tools.ozone.report.defs#reason${name}`),
]

/** What a report can be about (`com.atproto.moderation.defs#subjectType`). */
export const reportSubjects = ['account', 'record', 'chat'] as const

/**
 * Which reports the labeler says that it takes, in the words of `app.bsky.labeler.service`. What is left out is not
 * limited; an empty list admits nothing.
 */
export type ReportScope = {
  /** Of `reportReasons`. */
  readonly reasonTypes?: readonly string[]
  readonly subjectTypes?: readonly (typeof reportSubjects)[number][]
  /** NSIDs of record types. */
  readonly subjectCollections?: readonly string[]
}
