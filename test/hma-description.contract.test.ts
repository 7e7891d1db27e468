import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { documentation } from '../src/http/hma/documentation.ts'
import { hmaRoutes } from '../src/http/hma/routes.ts'
import { type Hma, openHma } from './support/hma.ts'
import { absentHma, testHmaOptions } from './support/http-fixture.ts'

let hma: Hma
beforeAll(async () => {
  hma = await openHma()
})
afterAll(() => hma[Symbol.asyncDispose]())

type Operation = {
  readonly summary?: string
  readonly parameters: readonly { readonly in: string; readonly name: string }[]
}

describe('the description of the API', () => {
  it('has every route and no other, each with what it is for', () => {
    const services = { hma: absentHma, lookup: async () => [], now: () => new Date(), version: '0' }
    const everything = { ...testHmaOptions, roles: [...testHmaOptions.roles, 'dev'] as const }
    const routes = hmaRoutes(services, everything).map(({ method, path }) => `${method} ${path}`)
    expect(routes.length).toBeGreaterThan(40)
    expect(Object.keys(documentation).toSorted()).toEqual(routes.toSorted())
  })

  it('is true: every path of it is served, by the methods that it has and no others', async () => {
    const { paths } = (await hma.get('/openapi/openapi.json')).json as {
      paths: Record<string, Record<string, Operation>>
    }
    for (const [template, operations] of Object.entries(paths)) {
      const path = template.replaceAll('{content}', '1').replaceAll(/\{\w+\}/g, 'X')
      const response = await fetch(hma.app.operatorUrl + path, { method: 'OPTIONS' })
      const allowed = (response.headers.get('allow') ?? '').split(', ').map((method) => method.toLowerCase())
      expect([path, allowed.filter((method) => method !== 'options' && method !== 'head')]).toEqual([
        path,
        Object.keys(operations).toSorted(),
      ])
      const named = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      for (const { summary, parameters } of Object.values(operations)) {
        expect(summary).toMatch(/./)
        expect(parameters.filter((own) => own.in === 'path').map(({ name }) => name)).toEqual(named)
      }
    }
  })

  it('has the paths of the site map, which writes them as Flask does', async () => {
    const { paths } = (await hma.get('/openapi/openapi.json')).json as { paths: object }
    const siteMap = (await hma.get('/site-map')).json as string[]
    const plain = (path: string) => path.replaceAll(/\{\w+\}|<[\w:]+>/g, '*')
    expect(siteMap.map(plain).toSorted()).toEqual(Object.keys(paths).map(plain).toSorted())
    expect(siteMap).toContain('/ui/bank/<bank_name>/content/find')
  })
})
