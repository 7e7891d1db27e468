/** The method that the gate is for. */
export const uploadBlob = 'com.atproto.repo.uploadBlob'

/**
 * Tells whether a request target may reach the method at the PDS: any target that names it, in whatever case or encoding.
 * Routers differ in how they read `%62`, capitals and slashes; one that is judged for nothing costs some time, one that
 * slips by costs the gate its point.
 */
export function namesUpload(target: string): boolean {
  const name = uploadBlob.toLowerCase()
  return [target, decoded(target)].some((text) => text.toLowerCase().includes(name))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // What is no encoding is read as it stands.
    return text
  }
}
