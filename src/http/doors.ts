import type { RequestListener } from 'node:http'
import { type Readiness, type ServicePart, serviceParts } from '../model/readiness.ts'
import { refuseEarly, withProbes } from './health.ts'
import { type Listener, type ListenerAddress, openListener, type UpgradeHandler } from './listener.ts'
import { refuseSocket } from './refuse-socket.ts'

/** Where the doors are. `closeGraceMs` is how long busy sockets are given at the end. */
export type DoorOptions = {
  readonly public: ListenerAddress
  readonly operator: ListenerAddress
  readonly closeGraceMs: number
}

/** A listener whose routes come later: until then it answers probes, and tells everyone else to come again. */
export interface Door extends Listener {
  /** Serves these from now on. Probes are still answered first. */
  serve(onRequest: RequestListener, upgrades?: UpgradeHandler): void
}

/** What a door serves before its routes come; `refuseEarly` unless told. */
export type EarlyRoutes = { readonly public?: RequestListener; readonly operator?: RequestListener }

type OpeningDoor = {
  readonly readiness: Readiness
  readonly closeGraceMs: number
  readonly early: RequestListener | undefined
}

/** Both listeners, listening before there is anything to serve. Disposal stops them; again, it does nothing. */
export interface Doors extends AsyncDisposable {
  readonly public: Door
  readonly operator: Door
  /** Tells that a part of the service has become ready. */
  ready(part: ServicePart): void
}

/**
 * Opens both listeners, or neither, so that whoever starts the service sees that it starts: an index of millions takes
 * seconds to load. `parts` are what is waited for. @throws {AppError} `unavailable` when an address cannot be listened on.
 */
export async function openDoors(
  options: DoorOptions,
  parts: readonly ServicePart[] = serviceParts,
  early: EarlyRoutes = {},
): Promise<Doors> {
  const waiting = new Set(parts)
  const shared = { readiness: () => [...waiting], closeGraceMs: options.closeGraceMs }
  await using opening = new AsyncDisposableStack()
  const publicDoor = opening.use(
    await openDoor('public', options.public, true, { ...shared, early: early.public }),
  )
  const operatorDoor = opening.use(
    await openDoor('operator', options.operator, false, { ...shared, early: early.operator }),
  )
  const open = opening.move()
  return {
    public: publicDoor,
    operator: operatorDoor,
    ready: (part) => void waiting.delete(part),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

async function openDoor(
  name: string,
  address: ListenerAddress,
  takesUpgrades: boolean,
  { readiness, closeGraceMs, early = refuseEarly }: OpeningDoor,
): Promise<Door> {
  let routes = early
  let upgrades = refuseEarlyUpgrades
  const listener = await openListener(
    name,
    address,
    {
      onRequest: withProbes(readiness, (request, response) => routes(request, response)),
      ...(takesUpgrades
        ? {
            upgrades: {
              accept: (request, socket, head) => upgrades.accept(request, socket, head),
              [Symbol.asyncDispose]: async () => await upgrades[Symbol.asyncDispose](),
            },
          }
        : {}),
    },
    closeGraceMs,
  )
  const { host, port, url } = listener
  return {
    host,
    port,
    url,
    serve(onRequest, handler = refuseEarlyUpgrades) {
      routes = onRequest
      upgrades = handler
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  }
}

const refuseEarlyUpgrades: UpgradeHandler = {
  accept: (_request, socket) =>
    refuseSocket(socket, 503, 'NotReady', 'Expected to be asked once started; /ready says when'),
  [Symbol.asyncDispose]: async () => undefined,
}
