import { AuditFileError } from './parse-export.ts'

/** The longest line of an export, in characters: the longest row has some ten thousand. */
const maxLineLength = 4_000_000

/** Yields the lines of a file of UTF-8 text as they come in, without their line feeds; blank ones are left out. @throws {AuditFileError} */
export async function* readTextLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + decode(decoder, chunk)).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLineLength)
      throw new AuditFileError(`lines of at most ${maxLineLength} characters`, 'a longer one')
    for (const line of lines) if (line.trim() !== '') yield line
  }
  rest += decode(decoder)
  if (rest.trim() !== '') yield rest
}

function decode(decoder: InstanceType<typeof TextDecoder>, chunk?: Uint8Array): string {
  try {
    return chunk ? decoder.decode(chunk, { stream: true }) : decoder.decode()
  } catch {
    throw new AuditFileError('UTF-8 text', 'other bytes')
  }
}
