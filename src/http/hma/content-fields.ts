/*
 * What is told of a content when it is added: in a JSON body, in fields of a form, or in the query, where some clients put it.
 */
import { maxTextLengths } from '../../model/bank.ts'
import { maxOriginLengths, type WantedContent } from '../../model/curation.ts'
import { badRequest, shown } from './hma-error.ts'
import { isJsonObject, isShallow } from './json.ts'

/** What is told of a content beside its hashes. */
export type ContentFields = Pick<WantedContent, 'note' | 'sourceId' | 'contentUri' | 'metadata'>

/** Characters of a note, as Hasher-Matcher-Actioner counts them: by code point. */
const maxNote = 255
const { uri: maxUri, metadata: maxMetadata } = maxOriginLengths
const maxLevels = 64

type Json = Readonly<Record<string, unknown>>

/** Returns what a JSON body tells: `metadata` with `content_id`, `content_uri` and `json` in it, and a note. @throws HmaError 400 */
export function parseBodyFields(body: Json): ContentFields {
  const { metadata } = body
  if (metadata !== undefined && metadata !== null && !isJsonObject(metadata))
    throw badRequest('metadata should be a json object')
  const known = metadata ? withoutCollab(metadata) : {}
  const foreign = Object.keys(known).find((key) => !isKnownKey(key))
  if (foreign !== undefined) throw badRequest(`Invalid metadata: '${shown(foreign)}' is not known`)
  return { ...parseMetadata(known), ...parseNote(body['note']) }
}

/**
 * Returns what fields of a form or of the query tell. `metadata` is JSON: of the same shape as in a body, or else as a whole what
 * that has as `json`. Fields of their own win over it. @throws HmaError 400
 */
export function parseTextFields(get: (name: string) => string | undefined): ContentFields {
  const text = get('metadata')
  const given = text === undefined || text === '' ? {} : withoutCollab(parseJsonText(text))
  const whole = Object.keys(given).every(isKnownKey) ? given : { json: given }
  const [contentId, contentUri] = [get('content_id'), get('content_uri')]
  const fields = {
    ...whole,
    ...(contentId && { content_id: contentId }),
    ...(contentUri && { content_uri: contentUri }),
  }
  return { ...parseMetadata(fields), ...parseNote(get('note')) }
}

/** Returns a note as it is kept, empty where none is given. @throws HmaError 400 */
export function parseNoteText(note: unknown): string {
  if (note === null) return ''
  if (typeof note !== 'string') throw badRequest('note should be a string')
  if (Array.from(note).length > maxNote) throw badRequest(`note must be at most ${maxNote} characters`)
  return note
}

function parseNote(note: unknown): ContentFields {
  const text = note === undefined ? '' : parseNoteText(note)
  return text === '' ? {} : { note: text }
}

function parseMetadata({ content_id: id, content_uri: uri, json }: Json): ContentFields {
  if (json !== undefined && json !== null && !isJsonObject(json))
    throw badRequest('Invalid metadata: json should be an object')
  if (!isShallow(json, maxLevels))
    throw badRequest(`Invalid metadata: json must be at most ${maxLevels} levels deep`)
  if (json && JSON.stringify(json).length > maxMetadata)
    throw badRequest(`Invalid metadata: json must be at most ${maxMetadata} characters`)
  return {
    ...textOf('content_id', id, maxTextLengths.sourceId, 'sourceId'),
    ...textOf('content_uri', uri, maxUri, 'contentUri'),
    ...(json && { metadata: json }),
  }
}

function textOf(
  name: string,
  value: unknown,
  maxLength: number,
  field: 'sourceId' | 'contentUri',
): ContentFields {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'string') throw badRequest(`Invalid metadata: ${name} should be a string`)
  if (value.length > maxLength)
    throw badRequest(`Invalid metadata: ${name} must be at most ${maxLength} characters`)
  return { [field]: value }
}

function parseJsonText(text: string): Json {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw badRequest('metadata form field must be valid JSON')
  }
  if (!isJsonObject(value)) throw badRequest('metadata should be a json object')
  return value
}

/** What exchanges say of a content is not for others to say. */
function withoutCollab(metadata: Json): Json {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== 'collab'))
}

function isKnownKey(key: string): boolean {
  return key === 'content_id' || key === 'content_uri' || key === 'json'
}
