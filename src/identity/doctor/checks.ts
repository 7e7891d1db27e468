import { budgetCheck } from './budget.ts'
import type { Check } from './check.ts'
import { clockCheck } from './clock.ts'
import { declaredValuesCheck } from './declared-values.ts'
import { didDocumentCheck } from './did-document.ts'
import { endpointCheck } from './endpoint.ts'
import { futureCursorCheck } from './future-cursor.ts'
import { handleCheck } from './handle.ts'
import { httpsCheck } from './https.ts'
import { labelKeyCheck } from './label-key.ts'
import { publishedValuesCheck } from './published-values.ts'
import { queryCheck } from './query.ts'
import { queryPagingCheck } from './query-paging.ts'
import { recordCheck } from './record.ts'
import { replayCheck } from './replay.ts'
import { seqCheck } from './seq.ts'
import { serviceCheck } from './service.ts'
import { signaturesCheck } from './signatures.ts'
import { createSubjectCheck } from './subject.ts'
import { subscribersCheck } from './subscribers.ts'
import { webSocketCheck } from './websocket.ts'

/** Returns every check, in the order in which a label travels. Evidence is given before it is needed. */
export function checksOf(subject: string | undefined): readonly Check[] {
  return [
    createSubjectCheck(subject),
    didDocumentCheck,
    handleCheck,
    labelKeyCheck,
    recordCheck,
    declaredValuesCheck,
    endpointCheck,
    serviceCheck,
    httpsCheck,
    webSocketCheck,
    replayCheck,
    seqCheck,
    futureCursorCheck,
    signaturesCheck,
    publishedValuesCheck,
    clockCheck,
    queryCheck,
    queryPagingCheck,
    budgetCheck,
    subscribersCheck,
  ]
}
