/**
 * The front door of HTTP: two listeners, one for the world and one for the operator.
 *
 * Owns: sockets, routes, the shape of requests and answers, and their limits. Leaves to others: every answer's content,
 * which comes from `services.ts`, the one interface that the handlers know.
 * Invariants: a caller's mistake is told to the caller, our own fault shows only an id; a handler holds no state; what a
 * peer sends, or does not take, is bounded in bytes and time; no line has a query or an address of a caller.
 *
 * `doors.ts` opens the listeners before there is anything to serve (`starting-app.ts` is what they serve then) and `health.ts` answers
 * probes, `public-app.ts` and `operator-app.ts` list the routes, `listener.ts` holds a socket's limits and its end,
 * `errors.ts` the table of errors, `xrpc/` has a file for each method, `rest/router.ts` is the door of the REST API, and
 * `hma/` has what Hasher-Matcher-Actioner serves.
 */
import type { Log } from '../lib/logger.ts'
import type { Subscription } from '../model/subscription.ts'
import { type DoorOptions, type Doors, openDoors } from './doors.ts'
import type { Listener, UpgradeHandler } from './listener.ts'
import type { HttpMetrics } from './metrics.ts'
import { createOperatorApp, type OperatorOptions } from './operator-app.ts'
import { createPublicApp, type PublicOptions } from './public-app.ts'
import { refuseSocket } from './refuse-socket.ts'
import type { Services } from './services.ts'
import { SubscribeLabels, type SubscriberOptions, subscribeLabelsPath } from './xrpc/subscribe-labels.ts'

/** What HTTP needs. */
export type HttpDeps = { readonly services: Services; readonly logger: Log; readonly metrics: HttpMetrics }

/** Where to listen, and for how many. */
export type HttpOptions = SubscriberOptions & OperatorOptions & PublicOptions & DoorOptions

/** Both listeners, listening. Disposal closes subscriptions with 1012, answers what is under way, and stops. */
export interface Http extends AsyncDisposable {
  readonly public: Pick<Listener, 'host' | 'port' | 'url'>
  readonly operator: Pick<Listener, 'host' | 'port' | 'url'>
  /** Returns the subscriptions to the labels that are open now, oldest first. */
  subscribers(): readonly Subscription[]
}

/**
 * Serves both listeners; with doors that are open already, behind those, and disposal closes them.
 * @throws {AppError} `unavailable` when an address cannot be listened on.
 */
export async function openHttp(deps: HttpDeps, options: HttpOptions, opened?: Doors): Promise<Http> {
  const subscribers = new SubscribeLabels(deps, options)
  await using opening = new AsyncDisposableStack()
  opening.use(subscribers)
  const doors = opening.use(opened ?? (await openDoors(options, [])))
  doors.public.serve(createPublicApp(deps, options), routeUpgrades(subscribers))
  doors.operator.serve(createOperatorApp({ ...deps, ...options, subscribers: () => subscribers.current() }))
  const open = opening.move()
  return {
    public: doors.public,
    operator: doors.operator,
    subscribers: () => subscribers.current(),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** The one path that can be upgraded; the others are refused, since a socket left open would be anybody's to keep. */
function routeUpgrades(subscribers: SubscribeLabels): UpgradeHandler {
  return {
    accept(request, socket, head) {
      const [path] = (request.url ?? '').split('?', 1)
      if (path === subscribeLabelsPath) subscribers.accept(request, socket, head)
      else refuseSocket(socket, 404, 'NotFound', 'Expected the path of a stream but received another')
    },
    [Symbol.asyncDispose]: () => subscribers[Symbol.asyncDispose](),
  }
}
