import { AppError } from '../lib/errors.ts'
import { type AtUri, type Did, parseAtUri } from '../model/ids.ts'

/** Returns the record that shows an account's pictures of itself: its profile. */
export function profileOf(did: Did): AtUri {
  const uri = parseAtUri(`at://${did}/app.bsky.actor.profile/self`)
  if (uri === undefined) throw new AppError('internal', 'Expected an account to have a profile’s address')
  return uri
}
