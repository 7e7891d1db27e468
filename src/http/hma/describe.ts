/*
 * What Hasher-Matcher-Actioner tells of its routes: a list of them, and their description for machines.
 */
import { type Documentation, documentation } from './documentation.ts'
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

/** Returns an OpenAPI document of the routes. */
export function openApiOf(routes: readonly Pick<HmaRoute, 'path' | 'method'>[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const { path, method } of routes) {
    const template = path.replaceAll(/:(\w+)(?:\(\\d\+\))?/g, '{$1}')
    ;(paths[template] ??= {})[method] = operationOf(path, documentation[`${method} ${path}`])
  }
  return { openapi: '3.1.0', info: { title: 'Open Media Match API', version }, paths }
}

function operationOf(path: string, told: Documentation | undefined): object {
  const inPath = [...path.matchAll(/:(\w+)(\(\\d\+\))?/g)].map(([, name, isNumber]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: isNumber ? 'integer' : 'string' },
  }))
  const inQuery = (told?.query ?? []).map((name) => ({
    name: name.replace('!', ''),
    in: 'query',
    required: name.endsWith('!'),
    schema: { type: 'string' },
  }))
  const content = {
    ...(told?.json && { 'application/json': { schema: schemaOf(told.json, {}) } }),
    ...(told?.form && { 'multipart/form-data': { schema: schemaOf(told.form, { type: 'string' }) } }),
  }
  return {
    summary: told?.summary,
    parameters: [...inPath, ...inQuery],
    ...(Object.keys(content).length > 0 && { requestBody: { content } }),
    responses: { default: { description: 'The answer, or a refusal: {"message": "…"}, of 422 a list' } },
  }
}

function schemaOf(names: readonly string[], each: object): object {
  return { type: 'object', properties: Object.fromEntries(names.map((name) => [name, each])) }
}

function nameIn(path: string): string {
  return path.startsWith('/c/exchanges/api') ? '<string:api_name>' : '<string:exchange_name>'
}
