import { hash, randomBytes } from 'node:crypto'

/** What every secret begins with, so that people and scanners of leaked secrets know it when they see it. */
const prefix = 'harrier_'

/** Returns a new secret: 256 random bits in base64url behind a prefix. */
export function generateApiKeySecret(): string {
  return prefix + randomBytes(32).toString('base64url')
}

/**
 * Returns what is stored of a secret, or undefined when the text cannot be one. A plain SHA-256 does: 256 random bits
 * cannot be guessed, however fast the hash is.
 */
export function digestOfApiKeySecret(secret: string): string | undefined {
  if (!/^harrier_[A-Za-z0-9_-]{43}$/.test(secret)) return undefined
  return hash('sha256', secret)
}
