import { InvalidRequestError } from '@atproto/xrpc-server'
import type { harrier } from '../../../lexicons/tools.js'
import { isTooLong, maxTextLengths } from '../../../model/bank.ts'
import { type ContentChange, enabledContent } from '../../../model/curation.ts'

/** Milliseconds of five years: how far ahead a content can be disabled for a time. */
const maxDisabledMs = 5 * 365 * 86_400_000

/** Returns what is to be changed of a content. @throws {InvalidRequestError} `InvalidChange`. */
export function parseContentChange(
  { isEnabled, disabledUntil, note }: harrier.bank.updateContent.$InputBody,
  now: Date,
): ContentChange {
  if (isEnabled === undefined && note === undefined) throw invalid('Expected isEnabled or note')
  if (disabledUntil !== undefined && isEnabled !== false)
    throw invalid('Expected disabledUntil with isEnabled false only')
  if (note !== undefined && isTooLong('note', note))
    throw invalid(`Expected at most ${maxTextLengths.note} characters for note`)
  return {
    ...(isEnabled === true && { disableUntil: enabledContent }),
    ...(isEnabled === false && { disableUntil: secondsOf(disabledUntil, now) }),
    ...(note !== undefined && { note }),
  }
}

/** Returns until when a content is disabled, in whole seconds, rounded up; 0 is for good. */
function secondsOf(disabledUntil: string | undefined, now: Date): number {
  if (disabledUntil === undefined) return 0
  const untilMs = Date.parse(disabledUntil)
  if (untilMs > now.getTime() && untilMs <= now.getTime() + maxDisabledMs) return Math.ceil(untilMs / 1000)
  throw invalid('Expected a time to come, of the next five years, for disabledUntil')
}

function invalid(message: string): InvalidRequestError {
  return new InvalidRequestError(message, 'InvalidChange')
}
