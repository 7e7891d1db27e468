/** The network of the latency benchmark, in a process of its own: PLC directory, PDS and Jetstream stand-in. */
import { openNetwork } from '../../test/support/network.ts'

/** Where the network is reached. */
export type NetworkPlaces = {
  readonly plcUrl: string
  readonly pdsUrl: string
  readonly jetstreamUrl: string
}

const { plcUrl, pdsUrl, jetstreamUrl } = await openNetwork()
process.send?.({ plcUrl, pdsUrl, jetstreamUrl } satisfies NetworkPlaces)
