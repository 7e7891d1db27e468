import type { RequestListener } from 'node:http'
import { type Listener, type ListenerAddress, openListener } from './listener.ts'
import type { RequestLogDeps } from './request-log.ts'
import { createStartingApp } from './starting-app.ts'

/** The operator listener, which answers before the service can. */
export interface OperatorListener extends Listener {
  /** Serves these routes from now on, in the place of `createStartingApp`. */
  serve(app: RequestListener): void
}

/** Opens the operator listener. @throws {AppError} `unavailable` when the address cannot be listened on. */
export async function openOperatorListener(
  deps: Omit<RequestLogDeps, 'listener'>,
  { operator, closeGraceMs }: { readonly operator: ListenerAddress; readonly closeGraceMs: number },
): Promise<OperatorListener> {
  let app: RequestListener = createStartingApp(deps)
  const onRequest: RequestListener = (request, response) => app(request, response)
  const listener = await openListener('operator', operator, { onRequest }, closeGraceMs)
  return {
    ...listener,
    serve(next) {
      app = next
    },
  }
}
