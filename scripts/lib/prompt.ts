import { createInterface, type Interface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { AppError } from '../../src/lib/errors.ts'

/** Asks a person, or a script that writes one answer a line. Disposal lets go of the input. */
export interface Prompt extends Disposable {
  /** True when a person sits at the other end, who can be asked for what a script would have said in advance. */
  readonly isInteractive: boolean
  /** Returns what is answered to a question, without space at either end. @throws {AppError} when the input ends. */
  ask(question: string): Promise<string>
  /** The same, to the letter, for what must not be seen: nothing that is typed at a terminal appears. */
  askSecret(question: string): Promise<string>
}

type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean }

/** Returns a prompt whose questions go to standard error, so that the result of a command stays by itself. */
export function openPrompt(
  input: Input = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Prompt {
  return input.isTTY === true ? openTerminalPrompt(input, output) : openScriptPrompt(input, output)
}

function openTerminalPrompt(input: Input, output: NodeJS.WritableStream): Prompt {
  const ask = async (question: string, isSecret: boolean): Promise<string> => {
    const echo = new Writable({
      write(chunk: Uint8Array, _encoding, done) {
        if (!isSecret) output.write(chunk)
        done()
      },
    })
    // Without echo the line editor's own writing is dropped, the question with it.
    if (isSecret) output.write(question)
    const lines = createInterface({ input, output: echo, terminal: true })
    try {
      return await answerOf(lines, question, isSecret ? lines.question('') : lines.question(question))
    } finally {
      lines.close()
      if (isSecret) output.write('\n')
    }
  }
  return {
    isInteractive: true,
    ask: async (question) => (await ask(question, false)).trim(),
    askSecret: (question) => ask(question, true),
    [Symbol.dispose]: () => {},
  }
}

/** At the end of the input (Ctrl-D), or at an interrupt (Ctrl-C), the library's own promise waits for ever. */
async function answerOf(lines: Interface, question: string, answer: Promise<string>): Promise<string> {
  const { promise: end, reject } = Promise.withResolvers<never>()
  lines.once('close', () => reject(inputEnded(question)))
  lines.once('SIGINT', () => reject(inputEnded(question)))
  return await Promise.race([answer, end])
}

function openScriptPrompt(input: Input, output: NodeJS.WritableStream): Prompt {
  let lines: Interface | undefined
  let answers: AsyncIterator<string> | undefined
  const ask = async (question: string): Promise<string> => {
    output.write(`${question}\n`)
    // Reading starts with the first question: an input that nobody needs would keep the process waiting.
    lines ??= createInterface({ input, terminal: false })
    answers ??= lines[Symbol.asyncIterator]()
    const { done, value } = await answers.next()
    if (done === true) throw inputEnded(question)
    return value
  }
  return {
    isInteractive: false,
    ask: async (question) => (await ask(question)).trim(),
    askSecret: ask,
    [Symbol.dispose]: () => lines?.close(),
  }
}

function inputEnded(question: string): AppError {
  return new AppError('invalid', `Expected an answer to "${question.trim()}" but the input ended`)
}
