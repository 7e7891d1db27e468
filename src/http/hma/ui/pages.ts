/*
 * The pages of `/ui`: what there is, banks, exchanges, and forms to look things up. They show names and numbers, and never media.
 */
import type { Request, RequestHandler, Response } from 'express'
import type { ExchangeStatus } from '../../../model/exchange.ts'
import { type Html, html } from '../../html.ts'
import type { Services } from '../../services.ts'
import type { HmaServices } from '../hma-services.ts'
import { signalTypes } from '../signal-types.ts'
import { sendPage } from './page.ts'

/** Rows that a page shows of a table. */
const maxRows = 500

/** Returns the handler of the overview. */
export function createHomePage({ hma, version }: Pick<Services, 'hma' | 'version'>): RequestHandler {
  return page('Overview', async () => {
    const { sizes } = await hma.indexState()
    const [banks, exchanges] = [await hma.curator.listBanks(), await hma.exchanges.list()]
    return html`<p>Harrier ${version}: ${banks.length} banks, ${exchanges.length} exchanges.</p>
${tableOf(
  'Hashes that can be found',
  ['Type', 'Hashes', 'Matched for'],
  signalTypes.map(({ name, type }) => [name, sizes[type], shareText(hma.typeRatio(type))]),
)}`
  })
}

/** Returns the handler of the page of banks, with the form that makes one. */
export function createBanksPage({ curator }: HmaServices): RequestHandler {
  return page('Banks', async () => {
    const banks = await curator.listBanks()
    const rows = banks.map(({ name, enabledRatio, threshold }) => [
      name,
      shareText(enabledRatio),
      `${threshold} bits`,
    ])
    return html`${tableOf('Banks', ['Name', 'Matched for', 'Distance'], rows)}
<form method="post" action="/ui/create_bank"><fieldset><legend>Make a bank</legend>
<label>Name, in capitals and underscores <input type="text" name="bank_name" required maxlength="255" pattern="[A-Z_][A-Z0-9_]*" autocomplete="off"></label>
<button>Make it</button></fieldset></form>`
  })
}

/** Returns the handler of the page of exchanges. */
export function createExchangesPage({ exchanges }: HmaServices): RequestHandler {
  return page('Exchanges', async () => {
    const rows: Cell[][] = []
    for (const exchange of (await exchanges.list()).slice(0, maxRows)) {
      const isFetched = exchanges.apis.some(({ name, isFetched: own }) => name === exchange.api && own)
      const status = await exchanges.status(exchange)
      const { name, api, isEnabled } = exchange
      rows.push([name, api, isEnabled ? 'on' : 'off', status?.records ?? 0, fetchText(isFetched, status)])
    }
    const kinds = exchanges.apis.map(({ name, credentials, isFetched }) => [
      name,
      isFetched ? 'yes' : 'not yet',
      credentials ? (exchanges.hasCredentials(name) ? 'set' : 'not set') : 'none needed',
    ])
    return html`${tableOf('Exchanges', ['Name', 'Kind', 'Switched', 'Records', 'Last fetch'], rows)}
${tableOf('Kinds of exchange', ['Kind', 'Fetched by Harrier', 'Credentials'], kinds)}`
  })
}

/** Returns the handler of the page with the forms that look things up. */
export function createMatchPage(): RequestHandler {
  const bypass = html`<label>Banks with a ratio <select name="bypass_enabled_ratio"><option value="true">always</option><option value="false">as they are matched, by chance</option></select></label>`
  const upload = (
    kind: 'photo' | 'video',
    accept: string,
  ) => html`<form method="post" action="/ui/query" enctype="multipart/form-data"><fieldset><legend>A ${kind}</legend>
<label>File <input type="file" name="${kind}" accept="${accept}" required></label>
${bypass}<button>Look it up</button></fieldset></form>`
  const main = html`<p>What is sent is hashed, looked up and forgotten.</p>
${upload('photo', 'image/*')}
${upload('video', 'video/*')}
<form method="post" action="/ui/query_url"><fieldset><legend>An address</legend>
<label>URL <input type="url" name="url" required></label>
<label>What it is <select name="content_type"><option>photo</option><option>video</option></select></label>
${bypass}<button>Look it up</button></fieldset></form>
<form method="post" action="/ui/query_hash"><fieldset><legend>A hash</legend>
<label>Type <select name="signal_type">${signalTypes.map(({ name }) => html`<option>${name}</option>`)}</select></label>
<label>Hex digits <input type="text" name="signal_value" required pattern="[0-9A-Fa-f]+" spellcheck="false" autocomplete="off"></label>
${bypass}<button>Look it up</button></fieldset></form>`
  return page('Match', async () => main)
}

type Cell = string | number

function page(title: string, main: () => Promise<Html>): RequestHandler {
  return (request: Request, response: Response, next) => {
    main().then((told) => sendPage(request, response, title, told), next)
  }
}

function tableOf(caption: string, columns: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  const shown = rows.slice(0, maxRows)
  return html`<div class="wide"><table>
<caption>${caption}</caption>
<thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>
${shown.map(([first, ...rest]) => html`<tr><th scope="row">${first}</th>${rest.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>
${rows.length === 0 && html`<p>There are none.</p>`}${rows.length > maxRows && html`<p>And ${rows.length - maxRows} more.</p>`}`
}

function shareText(ratio: number): string {
  if (ratio === 1) return 'every image'
  return ratio === 0 ? 'none: switched off' : `${Math.round(ratio * 1000) / 10} % of images`
}

function fetchText(isFetched: boolean, status: ExchangeStatus | undefined): string {
  if (!isFetched) return 'never: Harrier does not fetch this kind yet'
  if (status?.fetchStartedAt !== undefined) return 'running'
  if (status?.fetchEndedAt === undefined) return 'not yet'
  const how = status.hasSucceeded ? (status.isUpToDate ? 'up to date' : 'more to come') : 'failed'
  return `${new Date(status.fetchEndedAt).toISOString()}, ${how}`
}
