import { hasOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { importDemo } from './demo-parts.ts'

/** `harrier demo post`: post an image on the network of a running demo. */
export const demoPostCommand: Command = {
  name: 'demo post',
  summary: 'post an image on the network of a running demo',
  parameters: 'FILE --pds URL',
  arguments: { FILE: 'the image to post' },
  arity: [1, 1],
  options: {
    pds: { type: 'string', value: 'URL', help: 'the PDS that demo --keep names; required' },
    as: {
      type: 'string',
      value: 'HANDLE',
      help: 'who posts: alice.test or bob.test',
      defaultText: 'bob.test',
    },
    ...jsonOption,
  },
  notes: ['What becomes of it shows in the terminal of the demo. JSON: uri, cid, blobCids.'],
  examples: ['demo post photo.jpg --pds http://localhost:2583'],
  async run(args, terminal) {
    const pdsUrl = textOption(args, 'pds')
    if (pdsUrl === undefined || !URL.canParse(pdsUrl))
      throw new UsageError('Expected --pds with the URL of a PDS')
    const { postPicture } = await importDemo(() => import('../demo/post-picture.ts'))
    const [file = ''] = args.positionals
    const post = await postPicture(pdsUrl, textOption(args, 'as') ?? 'bob.test', file)
    terminal.out(hasOption(args, 'json') ? JSON.stringify(post) : `posted ${post.uri}`)
    return 0
  },
}
