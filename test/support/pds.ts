import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PDS } from '@atproto/pds'
import { freePort } from './free-port.ts'

/** A personal data server that runs in this process. */
export interface LocalPds extends AsyncDisposable {
  /** Without a trailing slash. */
  readonly url: string
  /** The password of its `com.atproto.admin.*` methods, user name `admin`. */
  readonly adminPassword: string
  /** What the server has mailed, oldest first; it goes nowhere else. */
  readonly mails: readonly Mail[]
  /** Returns a token that confirms a PLC operation, as the server would mail it to the account's owner. */
  plcToken(did: string): Promise<string>
  /** Takes takedowns from this moderation service from now on, as with `PDS_MOD_SERVICE_DID`. Returns how it reaches the PDS. */
  trustModeration(did: string): ModeratedPds
}

/** Where a moderation service sends its takedowns, by the names that Ozone's configuration has for them. */
export type ModeratedPds = { readonly pdsUrl: string; readonly pdsDid: string }

/** A mail as it would have left the server. */
export type Mail = { readonly to: string; readonly subject: string; readonly text: string }

/** Returns the token in the last mail to the address that confirms a PLC operation; undefined when there is none. */
export function plcTokenIn(mails: readonly Mail[], address: string): string | undefined {
  const mail = mails.findLast(({ to, subject }) => to === address && subject.includes('PLC'))
  return /\b[A-Z2-7]{5}-[A-Z2-7]{5}\b/.exec(mail?.text ?? '')?.[0]
}

/**
 * Starts the reference PDS on a free loopback port, without AppView, invites or rate limits. Its data is in a
 * temporary folder that disposal removes. Its log is off unless `LOG_ENABLED` is set in the environment.
 */
export async function openPds({ plcUrl }: { readonly plcUrl: string }): Promise<LocalPds> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'harrier-pds-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const adminPassword = randomBytes(16).toString('hex')
  const pds = await startPds({ plcUrl, directory, adminPassword })
  const mails = catchMail(pds)
  stack.defer(() => pds.destroy())
  const resources = stack.move()
  return {
    url: pds.ctx.cfg.service.publicUrl,
    adminPassword,
    mails,
    plcToken: (did) => pds.ctx.accountManager.createEmailToken(did as `did:plc:${string}`, 'plc_operation'),
    trustModeration(did) {
      // Settings are read before there is an account to name; the verifier looks the DID up at each call.
      const { dids } = pds.ctx.authVerifier as unknown as { readonly dids: { modService?: string } }
      dids.modService = did
      return { pdsUrl: pds.ctx.cfg.service.publicUrl, pdsDid: pds.ctx.cfg.service.did }
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

type PdsOptions = { readonly plcUrl: string; readonly directory: string; readonly adminPassword: string }

async function startPds({ plcUrl, directory, adminPassword }: PdsOptions): Promise<PDS> {
  const { PDS, envToCfg, envToSecrets } = await import('@atproto/pds')
  const env = {
    devMode: true,
    // Its own URL is in every account's DID document.
    port: await freePort(),
    hostname: 'localhost',
    serviceHandleDomains: ['.test'],
    dataDirectory: directory,
    blobstoreDiskLocation: join(directory, 'blobs'),
    blobstoreDiskTmpLocation: join(directory, 'blobs-temp'),
    didPlcUrl: plcUrl,
    inviteRequired: false,
    rateLimitsEnabled: false,
    adminPassword,
    jwtSecret: randomBytes(16).toString('hex'),
    plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
  }
  const pds = await PDS.create(envToCfg(env), envToSecrets(env))
  const listen = pds.app.listen.bind(pds.app) as (
    port: number,
    host: string,
  ) => ReturnType<PDS['app']['listen']>
  // The PDS would listen on every address; the machine's network has no business with a test server.
  Object.assign(pds.app, { listen: (port: number) => listen(port, '127.0.0.1') })
  await pds.start()
  return pds
}

/** The part of nodemailer's transport that is used; it brings no types. */
type MailTransport = { sendMail(mail: object): Promise<{ readonly message: string }> }

/** Without an address of a mail server the PDS renders its mails to JSON and drops them; here they are kept. */
function catchMail(pds: PDS): readonly Mail[] {
  const mails: Mail[] = []
  const transporter = pds.ctx.mailer.transporter as MailTransport
  const send = transporter.sendMail.bind(transporter)
  transporter.sendMail = async (mail) => {
    const sent = await send(mail)
    const { to, subject, text } = JSON.parse(sent.message) as { to: { address: string }[] } & Omit<Mail, 'to'>
    mails.push({ to: to[0]?.address ?? '', subject, text })
    return sent
  }
  return mails
}
