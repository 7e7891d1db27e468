import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unusableFile } from './sources.ts'

/** A file in the making: nobody sees it under its name before `finish`. Disposal without that leaves nothing behind. */
export interface AtomicFile extends AsyncDisposable {
  write(text: string): Promise<void>
  /** Makes what was written durable and puts it in the place of whatever has the name. */
  finish(): Promise<void>
}

/** Opens a file beside the one that it will be; only its owner may read it. @throws {UnusableFileError} */
export async function openAtomicFile(path: string): Promise<AtomicFile> {
  const draft = `${path}.${process.pid}.part`
  const file = await openDraft(path, draft)
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await file.close()
    isOpen = false
  }
  return {
    write: (text) => file.appendFile(text),
    async finish() {
      await file.sync()
      await close()
      await rename(draft, path)
      await syncFolder(dirname(path))
    },
    async [Symbol.asyncDispose]() {
      await close()
      await rm(draft, { force: true })
    },
  }
}

async function openDraft(path: string, draft: string): Promise<FileHandle> {
  try {
    // A folder in the place of the file would be found out only when everything is written.
    const found = await stat(path).catch(() => undefined)
    if (found?.isDirectory()) throw Object.assign(new Error('folder'), { code: 'EISDIR' })
    return await open(draft, 'wx', 0o600)
  } catch (error) {
    throw unusableFile(path, error)
  }
}

/** The new name is in the folder, which has to reach the disk as well. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  await folder.sync()
  await folder.close()
}
