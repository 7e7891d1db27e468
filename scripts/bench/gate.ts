import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { drawCorpus } from '../../test/support/corpus.ts'
import { drawLandscape, recompress } from '../../test/support/images.ts'
import { openNetwork } from '../../test/support/network.ts'
import { bankPicture, createServiceFolder } from '../../test/support/service.ts'
import type { Bench } from '../bench-result.ts'
import { childPids, cpuMsOf } from './cpu-time.ts'
import { median } from './median.ts'

const megabyte = 1_000_000
/** What Bluesky's apps send at most. */
const size = { width: 2000, height: 2000 }

/** What the gate adds to an upload on a PDS on this machine: the same picture straight and through, in turns. */
export const bench: Bench = {
  name: 'gate',
  summary: 'What the upload gate adds to the upload of a 1 MB JPEG to a PDS on this machine',
  async run({ isQuick }) {
    if (!existsSync('/proc/self/stat'))
      throw new Error('Expected /proc to measure with: this bench runs on Linux')
    const rounds = isQuick ? 20 : 200
    await using network = await openNetwork()
    using folder = createServiceFolder(network, {
      HARRIER_GATE_PDS: network.pdsUrl,
      HARRIER_GATE_PORT: '0',
      HARRIER_GATE_METRICS_PORT: '0',
    })
    const blocking = 'banks:\n  known:\n    - distance: 31\n      effects: [block]\n'
    writeFileSync(join(folder.path, 'policy.yaml'), blocking)
    await bankPicture(folder, await drawLandscape(2))
    const { agent } = await network.createAccount('uploader.test')
    const picture = await pictureOfAbout(megabyte)
    await using gate = await startGate({ ...folder.env })
    const upload = createUpload(agent.session?.accessJwt ?? '')
    const through: number[] = []
    const straight: number[] = []
    let usedBefore = gate.cpuMs()
    for (let round = -5; round < rounds; round++) {
      // Behind the picture's end, so that each is another blob and none takes less time for being known.
      const bytes = Buffer.concat([picture, Buffer.from(String(round))])
      const plain = Buffer.concat([bytes, Buffer.from('!')])
      const [throughMs, straightMs] = [await upload(gate.url, bytes), await upload(network.pdsUrl, plain)]
      if (round < 0) {
        usedBefore = gate.cpuMs()
        continue
      }
      through.push(throughMs)
      straight.push(straightMs)
    }
    const metrics = await (await fetch(gate.metricsUrl)).text()
    const used = gate.cpuMs()
    // Each with its neighbour in time: what else the machine does comes to both alike.
    const differences = through.map((ms, round) => ms - (straight[round] as number))
    const added = median(differences)
    return [
      { name: 'size of the picture', value: picture.length, unit: 'bytes' },
      { name: 'straight to the PDS, median', value: median(straight), unit: 'ms' },
      { name: 'through the gate, median', value: median(through), unit: 'ms' },
      { name: 'added, median of the pairs', value: added, unit: 'ms', goal: 'less than 60', met: added < 60 },
      { name: 'added, lower quartile of the pairs', value: percentile(differences, 0.25), unit: 'ms' },
      { name: 'processor, gate, per upload', value: (used.gate - usedBefore.gate) / rounds, unit: 'ms' },
      {
        name: 'processor, decoders, per upload',
        value: (used.decoders - usedBefore.decoders) / rounds,
        unit: 'ms',
      },
      { name: 'verdict, mean', value: meanVerdictMs(metrics), unit: 'ms' },
      { name: 'straight to the PDS, 95th percentile', value: percentile(straight, 0.95), unit: 'ms' },
      { name: 'through the gate, 95th percentile', value: percentile(through, 0.95), unit: 'ms' },
    ]
  },
}

/** A JPEG of a photograph with a camera's grain, of the quality whose size comes nearest. */
async function pictureOfAbout(bytes: number): Promise<Buffer> {
  const [photograph] = await drawCorpus([size], 1)
  if (photograph?.format !== 'jpeg') throw new Error('Expected the corpus to begin with a photograph')
  let best = photograph.bytes
  for (let quality = 100; quality >= 80; quality--) {
    const picture = await recompress(photograph.bytes, quality)
    if (Math.abs(picture.length - bytes) < Math.abs(best.length - bytes)) best = picture
  }
  return best
}

function createUpload(token: string): (url: string, bytes: Uint8Array<ArrayBuffer>) => Promise<number> {
  return async (url, body) => {
    const startedAt = performance.now()
    const response = await fetch(`${url}/xrpc/com.atproto.repo.uploadBlob`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'image/jpeg' },
      body,
    })
    const answer = await response.text()
    if (response.status !== 200) throw new Error(`Expected an upload but received ${answer}`)
    return performance.now() - startedAt
  }
}

function meanVerdictMs(metrics: string): number {
  const read = (part: string): number =>
    Number(new RegExp(`labeler_gate_verdict_seconds_${part} (\\S+)`).exec(metrics)?.[1])
  return (read('sum') / read('count')) * 1000
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN
}

type GateAddresses = { readonly url: string; readonly metricsUrl: string }

/** The processor time of the gate's processes so far, in milliseconds. */
type GateCpu = { readonly gate: number; readonly decoders: number }

/** Starts `harrier gate` as an operator does, and resolves when it listens. */
async function startGate(
  env: NodeJS.ProcessEnv,
): Promise<GateAddresses & { cpuMs(): GateCpu } & AsyncDisposable> {
  const args = ['--max-semi-space-size=2', 'scripts/harrier.ts', 'gate']
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = child.pid as number
  return {
    ...(await readAddresses(child)),
    cpuMs: () => ({ gate: cpuMsOf([pid]), decoders: cpuMsOf(childPids(pid)) }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function readAddresses(child: ChildProcess): Promise<GateAddresses> {
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    const { msg, url, metricsUrl } = JSON.parse(line) as GateAddresses & { readonly msg: string }
    if (msg !== 'gate.ready') continue
    child.stdout?.resume()
    return { url, metricsUrl }
  }
  throw new Error('Expected the gate to start but it ended')
}
