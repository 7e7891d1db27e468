/** `@skyware/labeler` in a process of its own, for the labels benchmark. */
import { LabelerServer } from '@skyware/labeler'
import { labelerDid } from '../../test/support/label-rows.ts'
import { answerCalls, type LabelerCalls, publishAtOnce, publishPaced } from './labels-calls.ts'
import { newUris, signingKeyHex } from './labels-rows.ts'

let labeler: LabelerServer

const publish = async (uri: string): Promise<number> => {
  const { id } = await labeler.createLabel({ uri, val: 'known-image' })
  return id
}

answerCalls({
  async open(path) {
    labeler = new LabelerServer({ did: labelerDid, signingKey: signingKeyHex, dbPath: path })
    // Its database is ready once it has answered anything.
    await labeler.app.ready()
    return new Promise((resolve, reject) => {
      labeler.start({ host: '127.0.0.1', port: 0 }, (error, address) =>
        error ? reject(error) : resolve(address),
      )
    })
  },
  create: (count, inFlight) => publishAtOnce(newUris(count), inFlight, publish),
  publish: (count, perSecond) => publishPaced(newUris(count), perSecond, publish),
} satisfies LabelerCalls)
