import { z } from 'zod'
import type { Did } from '../model/ids.ts'
import type { SubjectAction } from '../model/target.ts'

/** The name by which what we do is known among what others do. */
const toolName = 'harrier'

/** Returns what moderators see of where an event or a report comes from, and why (`modTool`). Ozone finds events by `batchId`. */
export function modToolOf({ externalId, effectId, because }: SubjectAction, labeler: Did): object {
  return { name: toolName, meta: { batchId: externalId, labeler, effect: effectId, because } }
}

const toolSchema = z.object({
  name: z.literal(toolName),
  meta: z.object({ batchId: z.string(), labeler: z.string() }),
})

/** True for the `modTool` of an event of this labeler's; with an id, of the one action that has it. */
export function isOurs(modTool: unknown, labeler: Did, externalId?: string): boolean {
  const { data } = toolSchema.safeParse(modTool)
  return data?.meta.labeler === labeler && (externalId === undefined || data.meta.batchId === externalId)
}
