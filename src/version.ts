import packageJson from '../package.json' with { type: 'json' }

/** Harrier's version. */
export const version: string = packageJson.version

/** What Harrier calls itself where it asks. */
export const userAgent: string = `harrier/${version} (AT Protocol labeler)`
