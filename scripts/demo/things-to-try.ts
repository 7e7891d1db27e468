import { join } from 'node:path'
import type { Demo } from './open-demo.ts'
import { demoBank, demoLabel } from './open-harrier.ts'
import { endpointOf } from './set-up-labeler.ts'

/** Returns the addresses of everything that was left running, and commands to try in another terminal. */
export function formatThingsToTry({ folder, network, app, labeler }: Demo): string {
  const { publicUrl, operatorUrl } = app
  const harrier = 'npm run -s harrier --'
  const file = join(folder, 'resized.jpg')
  return `
Everything keeps running until Ctrl-C. What is done elsewhere shows here.

  PLC directory  ${network.plcUrl}
  PDS            ${network.pdsUrl}
  event stream   ${network.jetstreamUrl}/subscribe
  labels         ${publicUrl}
  metrics        ${operatorUrl}/metrics
  labeler        ${labeler.did}
  folder         ${folder}  (settings, database, log, the pictures)

In another terminal, in this folder:

  # post a picture as bob.test
  ${harrier} demo post ${file} --pds ${network.pdsUrl}
  # ask for the labels that hold
  curl '${publicUrl}/xrpc/com.atproto.label.queryLabels?uriPatterns=*'
  # subscribe, and check the signatures
  ${harrier} demo watch ${publicUrl} --plc ${network.plcUrl}

The operator's commands, on the demo's own data:

  set -a; . ${join(folder, 'demo.env')}; set +a
  ${harrier} setup --url ${endpointOf(publicUrl)} --dry-run
  ${harrier} match ${file}
  ${harrier} bank add ${demoBank} ${join(folder, 'harmless.jpg')}
  ${harrier} labels '*'
  ${harrier} negate <URI> ${demoLabel}
  # see what could keep its labels from showing, on the ports that it has taken
  export HARRIER_PUBLIC_PORT=${new URL(publicUrl).port} HARRIER_OPERATOR_PORT=${new URL(operatorUrl).port}
  export HARRIER_ALLOW_PRIVATE_ORIGINS=$HARRIER_ALLOW_PRIVATE_ORIGINS,${endpointOf(publicUrl)}
  ${harrier} doctor
`
}
