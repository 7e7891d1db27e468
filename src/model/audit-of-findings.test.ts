import { describe, expect, it } from 'vitest'
import { auditOfFindings } from './audit-of-findings.ts'
import type { Match } from './match.ts'

const at = { at: '2026-01-01T00:00:00.000Z', subject: 'a', blob: 'b' }
const match = (contentId: number): Match => ({
  bankId: 1,
  bank: 'known',
  contentId,
  distance: 3,
  tier: 'near',
  hashType: 'pdq',
  profile: 'full-resolution',
  variant: 'original',
})

describe('auditOfFindings', () => {
  it('is nothing of an image that matches nothing', () => {
    expect(auditOfFindings({ matches: [], suppressed: [] }, at)).toEqual([])
  })

  it('is one row that says what matched, how near, and what is not acted on', () => {
    const findings = { matches: [match(1)], suppressed: [{ match: match(2), by: match(3) }] }
    const { bankId: _, ...known } = match(1)
    expect(auditOfFindings(findings, { ...at, more: { job: 7 } })).toEqual([
      {
        at: at.at,
        actor: 'harrier',
        action: 'match.found',
        subject: 'a',
        details: {
          blob: 'b',
          matches: 1,
          suppressed: 1,
          matched: [known],
          notActedOn: [{ ...known, contentId: 2, by: { ...known, contentId: 3 } }],
          job: 7,
        },
      },
    ])
  })

  it('names the nearest of very many, and says how many there are', () => {
    const matches = Array.from({ length: 5000 }, (_, n) => match(n))
    const suppressed = matches.map((each) => ({ match: each, by: match(0) }))
    const [row] = auditOfFindings({ matches, suppressed }, at)
    expect(row?.details).toMatchObject({ matches: 5000, suppressed: 5000 })
    expect(row?.details['matched']).toMatchObject(
      Array.from({ length: 100 }, (_n, contentId) => ({ contentId })),
    )
    expect(row?.details['notActedOn']).toHaveLength(100)
  })
})
