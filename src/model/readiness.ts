/** What the service cannot work without, in the order in which it becomes ready. */
export const serviceParts = ['database', 'index', 'hashing pool'] as const

/** One member of `serviceParts`. */
export type ServicePart = (typeof serviceParts)[number]

/** Returns the parts that are not ready yet; none when all are. */
export type Readiness = () => readonly ServicePart[]
