/**
 * What is thought of a content, by a person here or by the members of an exchange: `confirmed` by a person here, `positive` by
 * members, `none` by nobody, `seed` where members ask that it be looked into, `disputed` where they contradict one another, and
 * `negative` where they, or a person here, say that it is not what the bank is for. A negative content acts on nothing.
 * All but `confirmed` are pytx's opinions (`SignalOpinionCategory`, and their aggregate).
 */
export const opinions = ['confirmed', 'positive', 'none', 'seed', 'disputed', 'negative'] as const

/** One member of `opinions`. */
export type Opinion = (typeof opinions)[number]

/** Those whose contents act. */
export const actingOpinions = ['confirmed', 'positive', 'none', 'seed', 'disputed'] as const

/** Those that an exchange can have of a content. */
export type ExchangeOpinion = Exclude<Opinion, 'confirmed' | 'none'>
