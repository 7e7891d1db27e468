/**
 * `@skyware/labeler` as a process of its own, on loopback: a peer's labeler, unchanged. Its arguments are its DID, its key in
 * hex, its database file, and its labels as JSON. It writes its port to standard output once the labels are in and it
 * listens, and ends with its standard input.
 */
import { type AddressInfo } from 'node:net'
import { LabelerServer } from '@skyware/labeler'

type Label = Parameters<LabelerServer['createLabel']>[0]

const [did = '', signingKey = '', dbPath = '', labels = '[]'] = process.argv.slice(2)
const server = new LabelerServer({ did, signingKey, dbPath })
for (const label of JSON.parse(labels) as Label[]) await server.createLabel(label)
server.start({ host: '127.0.0.1', port: 0 }, (error) => {
  if (error) throw error
  process.stdout.write(`${(server.app.server.address() as AddressInfo).port}\n`)
})
process.stdin.on('end', () => process.exit(0)).resume()
