import type { RequestHandler } from 'express'
import type { Services } from '../../services.ts'
import { readJson } from '../body.ts'
import type { HmaRoute } from '../routes.ts'
import { createCreateBankForm } from './create-bank.ts'
import { pageHeaders, refuseAsPage, sendStyle } from './page.ts'
import { createBanksPage, createExchangesPage, createHomePage, createMatchPage } from './pages.ts'
import { createFindContent, createQueryHash, createQueryUpload, createQueryUrl } from './query.ts'
import { readPlainForm } from './read-form.ts'

/** Returns the routes of the pages, and of what their forms ask. */
export function uiRoutes(services: Pick<Services, 'lookup' | 'hma' | 'version'>): readonly HmaRoute[] {
  const { hma } = services
  return [
    page('/ui/', createHomePage(services)),
    page('/ui/banks', createBanksPage(hma)),
    page('/ui/exchanges', createExchangesPage(hma)),
    page('/ui/match', createMatchPage()),
    page('/ui/documentation', (_request, response) => response.redirect('/openapi/openapi.json')),
    page('/ui/style.css', sendStyle),
    form('/ui/create_bank', createCreateBankForm(hma)),
    form('/ui/query', createQueryUpload(services)),
    form('/ui/query_url', createQueryUrl(services)),
    form('/ui/query_hash', createQueryHash(services)),
    {
      method: 'post',
      path: '/ui/bank/:bank/content/find',
      handlers: [readJson, createFindContent(services)],
    },
  ]
}

function page(path: string, handler: RequestHandler): HmaRoute {
  return { method: 'get', path, handlers: [pageHeaders, handler, refuseAsPage] }
}

function form(path: string, handler: RequestHandler): HmaRoute {
  return { method: 'post', path, handlers: [pageHeaders, readPlainForm, handler, refuseAsPage] }
}
