/** Text that is HTML already; only `html` makes it. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** What a page is made of: text, which is escaped, and HTML, which is not. Nothing is shown of undefined and false. */
type Part = string | number | undefined | false | Html | readonly Part[]

/** Returns HTML of a template, with everything escaped that is put into it and is no HTML. Attributes stand in double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, at) => (at === 0 ? text : toHtml(parts[at - 1]) + text)).join(''))
}

function toHtml(part: Part): string {
  if (part instanceof Html) return part.text
  if (part === undefined || part === false) return ''
  if (typeof part === 'object') return part.map(toHtml).join('')
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  }
  return String(part).replaceAll(/[&<>"']/g, (character) => entities[character]!)
}
