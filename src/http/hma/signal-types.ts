import { type HashType, hashTypes, parseHashValue } from '../../model/hash.ts'
import { badRequest, shown } from './hma-error.ts'
import type { HmaServices, MediaKind } from './hma-services.ts'

/** A hash type by the name that the caller knows it by. */
export type SignalType = { readonly name: string; readonly type: HashType }

/** Every signal type by its first name; `md5` is taken for `video_md5` too. */
export const signalTypes: readonly SignalType[] = hashTypes.map((type) => ({ name: signalName(type), type }))

/** What is made of media unless it is told, and what can be. */
const typesOfMedia: Readonly<
  Record<MediaKind, { readonly first: HashType; readonly all: readonly HashType[] }>
> = {
  photo: { first: 'pdq', all: hashTypes },
  video: { first: 'md5', all: ['md5', 'sha1', 'sha256'] },
}

/** Returns what Hasher-Matcher-Actioner calls a hash type. */
export function signalName(type: HashType): string {
  return type === 'md5' ? 'video_md5' : type
}

/** Returns the signal type of a name, or undefined. */
export function findSignalType(name: string): SignalType | undefined {
  const type = name === 'video_md5' ? 'md5' : hashTypes.find((known) => known === name)
  return type && { name, type }
}

/** Returns the hash in canonical form. @throws HmaError 400, with the beginning that the route's messages have. */
export function parseSignal({ name, type }: SignalType, text: unknown, beginning: string): string {
  const value = parseHashValue(type, typeof text === 'string' ? text.trim() : text)
  if (value === undefined)
    throw badRequest(`${beginning}: Expected the hex digits of a ${name} hash but received others`)
  return value
}

/**
 * Returns the signal types that are to be made of media: those of a list of names separated by commas, else the first that it
 * has. @throws HmaError 400 where a name is not that of a type that it has, or that is switched off.
 */
export function parseTypes(
  services: Pick<HmaServices, 'typeRatio'>,
  kind: MediaKind,
  list: unknown,
): readonly SignalType[] {
  const { first, all } = typesOfMedia[kind]
  const isOn = (type: HashType): boolean => services.typeRatio(type) > 0
  if (list === undefined) return isOn(first) ? [{ name: signalName(first), type: first }] : []
  const names = (typeof list === 'string' ? list : '').split(',').map((name) => name.trim())
  const given = names.filter((name) => name !== '')
  if (given.length === 0) throw badRequest('empty signal type selection')
  const types = given.map((name) => {
    const found = findSignalType(name)
    if (found && all.includes(found.type) && isOn(found.type)) return found
    throw badRequest(`signal type '${shown(name)}' doesn't exist or is disabled`)
  })
  return types.filter(({ type }, at) => types.findIndex((other) => other.type === type) === at)
}

/** Returns the kind of media of a content type's name. @throws HmaError 400. */
export function parseContentType(name: string): MediaKind {
  if (name === 'photo' || name === 'video') return name
  throw badRequest(`no such content_type: '${shown(name)}'`)
}
