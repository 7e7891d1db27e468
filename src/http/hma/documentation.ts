/** What is said of a route to whoever reads the API's description. */
export type Documentation = {
  readonly summary: string
  /** Parameters of the query; those that have to be there end in `!`. */
  readonly query?: readonly string[]
  /** Fields of a JSON body. */
  readonly json?: readonly string[]
  /** Fields of a form. */
  readonly form?: readonly string[]
}

const lookup = ['banks', 'seed', 'bypass_coinflip', 'include'] as const
const origin = ['url', 'content_type', 'types', 'content_id', 'content_uri', 'metadata'] as const

/** Every route, by method and path as Express has it. */
export const documentation: Readonly<Record<string, Documentation>> = {
  'get /m/lookup': {
    summary: 'Look a hash up, or what a URL names: matches by bank',
    query: ['signal', 'signal_type', 'url', 'content_type', 'types', ...lookup],
  },
  'get /m/raw_lookup': {
    summary: 'Look a hash up in every bank, whatever its ratio, disabled contents too',
    query: ['signal!', 'signal_type!', 'include_distance', 'banks', 'include'],
  },
  'post /m/lookup': {
    summary: 'Look a file up: matches by signal type and bank',
    query: ['types', ...lookup],
    form: ['photo', 'video'],
  },
  'get /m/index/status': { summary: 'How many hashes can be found', query: ['signal_type'] },
  'post /m/compare': {
    summary: 'Compare two hashes of a type',
    json: ['pdq', 'video_md5', 'sha1', 'sha256'],
  },
  'get /h/hash': { summary: 'Hash what a URL names', query: ['url!', 'content_type', 'types'] },
  'post /h/hash': { summary: 'Hash a file', query: ['types'], form: ['photo', 'video'] },
  'get /c/banks': { summary: 'List the banks' },
  'post /c/banks': { summary: 'Make a bank', json: ['name', 'enabled', 'enabled_ratio'] },
  'get /c/bank/:bank': { summary: 'Tell of a bank' },
  'put /c/bank/:bank': {
    summary: 'Rename a bank, or change its share of images',
    json: ['name', 'enabled', 'enabled_ratio'],
  },
  'delete /c/bank/:bank': { summary: 'Remove a bank with its contents' },
  'get /c/bank/:bank/content': {
    summary: 'List or search the contents of a bank',
    query: ['after', 'limit', 'q', 'disabled', 'signal', 'signal_type'],
  },
  'post /c/bank/:bank/content': {
    summary: 'Add what a URL names, or a file',
    query: origin,
    json: ['metadata', 'note'],
    form: ['photo', 'video', 'content_id', 'content_uri', 'metadata', 'note'],
  },
  'get /c/bank/:bank/content/:content(\\d+)': {
    summary: 'Tell of a content',
    query: ['include_signals', 'include_metadata'],
  },
  'put /c/bank/:bank/content/:content(\\d+)': {
    summary: 'Disable or enable a content, or change its note',
    json: ['disable_until_ts', 'note'],
  },
  'delete /c/bank/:bank/content/:content(\\d+)': { summary: 'Remove a content' },
  'post /c/bank/:bank/signal': {
    summary: 'Add hashes that were made elsewhere',
    json: ['pdq', 'video_md5', 'sha1', 'sha256', 'metadata', 'note'],
  },
  'get /c/signal_type': { summary: 'List the signal types' },
  'get /c/signal_type/index': { summary: 'How far the indexes are', query: ['signal_type'] },
  'put /c/signal_type/:type': {
    summary: 'Set the share of images a type is matched for',
    json: ['enabled_ratio'],
  },
  'get /c/content_type': { summary: 'List the content types' },
  'get /c/exchanges': { summary: 'List the exchanges' },
  'post /c/exchanges': { summary: 'Make an exchange and its bank', json: ['bank', 'api', 'api_json'] },
  'get /c/exchanges/apis': { summary: 'List the kinds of exchange' },
  'get /c/exchanges/api/:name': { summary: 'Tell whether a kind takes credentials, and has them' },
  'post /c/exchanges/api/:name': {
    summary: 'Set the credentials of a kind; an empty object forgets them',
    json: ['credential_json'],
  },
  'get /c/exchanges/api/:name/schema': { summary: 'Tell what a kind is set up with' },
  'get /c/exchange/:name': { summary: 'Tell what an exchange is set up with' },
  'get /c/exchange/:name/status': { summary: 'Tell how far an exchange was fetched' },
  'put /c/exchange/:name': { summary: 'Switch fetching on or off', json: ['enabled'] },
  'delete /c/exchange/:name': { summary: 'Remove an exchange with its bank' },
  'get /ui/': { summary: 'Overview, a page' },
  'get /ui/banks': { summary: 'Banks, a page' },
  'get /ui/exchanges': { summary: 'Exchanges, a page' },
  'get /ui/match': { summary: 'Forms that look things up, a page' },
  'get /ui/documentation': { summary: 'Leads to this description' },
  'get /ui/style.css': { summary: 'The style of the pages' },
  'post /ui/create_bank': { summary: 'Make a bank', form: ['bank_name'] },
  'post /ui/query': { summary: 'Look a file up', form: ['photo', 'video', 'bypass_enabled_ratio'] },
  'post /ui/query_url': {
    summary: 'Look up what a URL names',
    form: ['url', 'content_type', 'bypass_enabled_ratio'],
  },
  'post /ui/query_hash': {
    summary: 'Look a hash up',
    form: ['signal_type', 'signal_value', 'bypass_enabled_ratio'],
  },
  'post /ui/bank/:bank/content/find': {
    summary: 'Find contents of one bank by a URL or a hash',
    json: ['url', 'content_type', 'signal_type', 'signal_value'],
  },
  'post /dev/setup_sample_example': { summary: 'Make the sample exchange' },
  'post /dev/run_fetch': { summary: 'Fetch every exchange now' },
  'get /': { summary: 'Leads to the pages, or to the status' },
  'get /status': { summary: 'Whether lookups can be relied on' },
  'get /status/live': { summary: 'Whether the process runs' },
  'get /site-map': { summary: 'List the paths' },
  'get /openapi/openapi.json': { summary: 'This description' },
}
