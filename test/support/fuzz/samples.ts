/** What requests are about: made up, and never fetched. */

/** An account. */
export const someone = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
/** A record of it. */
export const someRecord: string = `at://${someone}/app.bsky.feed.post/3l3qo2vutsw2b`
/** A PDQ hash. */
export const someHash = '58d871ceecf4e84d82368232078f27f0b76e26f592621e9d33e6338d4e9c9b22'
