import { type Check, combine, type Finding } from './check.ts'
import { isKnownToClients, judgeValue } from './judge-value.ts'
import type { LabelerRecord } from './labeler-record.ts'

/** At most so many values are complained of. */
const maxShown = 5

/** The values of the record are legal, each has a definition that clients take, and our own policy declares no others. */
export const declaredValuesCheck: Check<'did' | 'record'> = {
  name: 'declared-values',
  needs: ['did', 'record'],
  async run({ did, record }, { own }) {
    const vals = own?.did === did ? own.labelVals : []
    const findings = [
      ...record.labelValues.flatMap((val) => valueFaults(val, record)),
      ...record.definitions.flatMap((definition) => definitionFaults(definition, record)),
      ...policyFaults(vals, record),
      ...(record.labelValues.length === 0 ? [nothingDeclared] : []),
    ]
    return combine(
      findings.slice(0, maxShown),
      `${record.labelValues.join(', ')}: legal, and defined for clients`,
    )
  },
}

const nothingDeclared: Finding = {
  status: 'fail',
  says: 'the record declares no values: clients show none of its labels, the global ones excepted',
  fix: 'List the values in policies.labelValues, with a definition for each',
}

function valueFaults(val: string, { definitions }: LabelerRecord): Finding[] {
  const fault = judgeValue(val)
  if (fault) return [fault]
  if (isKnownToClients(val) || definitions.some(({ identifier }) => identifier === val)) return []
  return [
    {
      status: 'fail',
      says: `${val} is declared without a definition: clients ignore its labels`,
      fix: `Add a labelValueDefinition for ${val} to the record`,
    },
  ]
}

function definitionFaults(
  definition: LabelerRecord['definitions'][number],
  { labelValues }: LabelerRecord,
): Finding[] {
  const { identifier, problems } = definition
  const fix = `Mend the definition of ${identifier} in the record`
  const says = (problem: string): string =>
    `the definition of ${identifier || 'a value without a name'}: ${problem}`
  // Clients validate a definition as a whole, and drop one that is not as the lexicon says.
  const faults: Finding[] = problems.map((problem) => ({
    status: problem.startsWith('its ') && problem.includes('lexicon') ? 'fail' : 'warn',
    says: says(problem),
    fix,
  }))
  if (identifier === '' || labelValues.includes(identifier)) return faults
  return [
    ...faults,
    {
      status: 'warn',
      says: `${identifier} has a definition and is not in labelValues: subscribers cannot set it, and some AppViews drop its labels`,
      fix: `Add ${identifier} to policies.labelValues`,
    },
  ]
}

function policyFaults(vals: readonly string[], { labelValues }: LabelerRecord): Finding[] {
  const undeclared = vals.filter((val) => !labelValues.includes(val))
  return undeclared.map((val) => ({
    status: 'fail',
    says: `the policy file may publish ${val}, which the record does not declare`,
    fix: `Add ${val} with a definition to the record, or take it out of labels: in the policy file`,
  }))
}
