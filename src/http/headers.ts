import type { RequestHandler } from 'express'

/** Headers for every answer: what is a page has its own, so browsers are told to run, frame and guess nothing. */
export const safeHeaders: RequestHandler = (_request, response, next) => {
  response.setHeader('x-content-type-options', 'nosniff')
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'")
  response.setHeader('referrer-policy', 'no-referrer')
  next()
}

/** Lets web pages of any origin read a public route, and answers their preflight requests. */
export const anyOrigin: RequestHandler = (request, response, next) => {
  response.set('access-control-allow-origin', '*')
  if (request.method !== 'OPTIONS') {
    next()
    return
  }
  response.set({
    'access-control-allow-methods': 'GET, HEAD',
    'access-control-allow-headers': '*',
    'access-control-max-age': '86400',
  })
  response.status(204).end()
}
