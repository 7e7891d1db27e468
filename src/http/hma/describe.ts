/*
 * What Hasher-Matcher-Actioner tells of its routes: a list of them, and their description for machines.
 */
import type { HmaRoute } from './routes.ts'

/** Returns the paths of routes as Flask writes them, sorted, each once. */
export function siteMapOf(routes: readonly Pick<HmaRoute, 'path'>[]): readonly string[] {
  const names: Readonly<Record<string, string>> = {
    ':content(\\d+)': '<int:content_id>',
    ':bank': '<bank_name>',
    ':type': '<signal_type_name>',
  }
  const paths = routes.map(({ path }) =>
    path
      .split('/')
      .map((part) => names[part] ?? (part === ':name' ? nameIn(path) : part))
      .join('/'),
  )
  return [...new Set(paths)].sort()
}

/** Returns an OpenAPI document that lists the routes. */
export function openApiOf(routes: readonly Pick<HmaRoute, 'path' | 'method'>[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const { path, method } of routes) {
    const parameters = [...path.matchAll(/:(\w+)(\(\\d\+\))?/g)].map(([, name, isNumber]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: isNumber ? 'integer' : 'string' },
    }))
    const template = path.replaceAll(/:(\w+)(?:\(\\d\+\))?/g, '{$1}')
    ;(paths[template] ??= {})[method] = { parameters, responses: { 200: { description: 'OK' } } }
  }
  return { openapi: '3.1.0', info: { title: 'Open Media Match API', version }, paths }
}

function nameIn(path: string): string {
  return path.startsWith('/c/exchanges/api') ? '<string:api_name>' : '<string:exchange_name>'
}
