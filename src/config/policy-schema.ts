import { z } from 'zod'
import { policyFile } from './policy-file.ts'

/**
 * Returns the form of the policy file as JSON Schema (draft 7, which editors know), with a line's end. It says all that a schema
 * can; what stands between places, and where effects can go to, only `harrier policy check` knows.
 */
export function formatPolicySchema(): string {
  const { $schema, ...form } = z.toJSONSchema(policyFile, { io: 'input', target: 'draft-7' })
  const schema = {
    $schema,
    title: 'A policy of Harrier',
    description: 'What matches of known images call for. docs/CONFIG.md explains it.',
    ...form,
  }
  return `${JSON.stringify(schema, null, 2)}\n`
}
