import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { wireErrorOf } from '../../errors.ts'
import { type Html, html } from '../../html.ts'
import { HmaError } from '../hma-error.ts'

/** The pages that every page links to. */
const places = [
  ['/ui/', 'Overview'],
  ['/ui/banks', 'Banks'],
  ['/ui/exchanges', 'Exchanges'],
  ['/ui/match', 'Match'],
  ['/ui/documentation', 'API'],
] as const

const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 0 auto; max-width: 60rem; padding: 0 1rem 3rem }
nav ul { display: flex; flex-wrap: wrap; gap: 1rem; padding: 0; list-style: none }
nav a[aria-current] { font-weight: bold }
.skip { position: absolute; left: -99rem } .skip:focus { left: 1rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-weight: bold; padding: .5rem 0 }
th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8886; overflow-wrap: anywhere }
thead th { overflow-wrap: normal }
fieldset > label:has(select) { display: inline-block; margin-right: 1rem }
fieldset { margin: 1rem 0; border: 1px solid #8886; border-radius: .3rem }
label { display: block; margin: .5rem 0 } input, select, button { font: inherit; max-width: 100% }
input[type=text], input[type=url] { display: block; width: 100%; box-sizing: border-box }
input[type=checkbox] { margin-right: .4rem }
code { overflow-wrap: anywhere }
`

/**
 * Headers of the pages: no script, no picture and nothing of elsewhere. Forms of a page name it as their origin, which a policy of
 * `no-referrer` would keep from us.
 */
export const pageHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader(
    'content-security-policy',
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  )
  response.setHeader('referrer-policy', 'same-origin')
  response.setHeader('cache-control', 'no-store')
  next()
}

/** Sends the style of the pages. */
export const sendStyle: RequestHandler = (_request, response) => void response.type('css').send(style)

/** Sends a page. */
export function sendPage(request: Request, response: Response, title: string, main: Html): void {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – Harrier</title>
<link rel="stylesheet" href="/ui/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><nav aria-label="Pages"><ul>
${places.map(([path, name]) => html`<li><a href="${path}"${isAt(request, path) && html` aria-current="page"`}>${name}</a></li>\n`)}
</ul></nav></header>
<main id="main">
<h1>${title}</h1>
${main}
</main>
</body>
</html>
`
  response.type('html').send(page.text)
}

/** True where the caller would rather have a page than JSON: a browser that follows a link or sends a form. */
export function wantsPage(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html'
}

/** Tells a browser of a refusal as a page, and leaves what others are told, and our own faults, to the next handler. */
export const refuseAsPage: ErrorRequestHandler = (cause: unknown, request, response, next) => {
  const { status, message, id } = wireErrorOf(cause)
  if (id !== undefined || response.headersSent || !wantsPage(request)) {
    next(cause)
    return
  }
  response.status(cause instanceof HmaError ? cause.status : status)
  sendPage(request, response, 'That did not work', html`<p role="alert">${message}</p>`)
}

function isAt({ path }: Request, place: string): boolean {
  return path === place || `${path}/` === place
}
