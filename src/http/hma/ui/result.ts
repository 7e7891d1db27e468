import { type Html, html } from '../../html.ts'
import type { QueryResult } from './query.ts'

/** Returns the page of what a query came to: hashes and texts, and never what they are of. */
export function resultOf({ hashes, banks, matches }: QueryResult): Html {
  const shown = Object.entries(hashes).map(
    ([name, value]) =>
      html`<li>${name}: ${value === '' ? 'too little to see' : html`<code>${value}</code>`}</li>`,
  )
  return html`<p role="status">${
    matches.length === 0 ? 'Nothing matches.' : `${matches.length} matches in ${banks.join(', ')}.`
  }</p>
<ul>${shown}</ul>
${
  matches.length > 0 &&
  html`<div class="wide"><table>
<caption>Matches, nearest first</caption>
<thead><tr><th scope="col">Bank</th><th scope="col">Content</th><th scope="col">Distance</th><th scope="col">Hash</th><th scope="col">Said of it</th></tr></thead>
<tbody>
${matches.map(
  (
    match,
  ) => html`<tr><th scope="row">${match.bank_name}</th><td>${match.content_id}</td><td>${match.distance}</td>
<td>${match.signal_type}<br><code>${match.signal_value}</code></td>
<td>${match.note}${match.metadata && html` <code>${JSON.stringify(match.metadata)}</code>`}</td></tr>
`,
)}</tbody></table></div>`
}
<p><a href="/ui/match">Look something else up</a></p>`
}
