import { fileURLToPath } from 'node:url'
import express, { type RequestHandler, type Router } from 'express'
import { openApiPath } from './openapi.ts'

/** Where the documentation can be read and tried out. */
export const docsPath = '/docs'

/** Scripts, styles, pictures and calls of our own origin alone; Swagger UI has pictures in its styles as data. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Harrier: REST API</title>
    <link rel="icon" href="${docsPath}/favicon-32x32.png">
    <link rel="stylesheet" href="${docsPath}/swagger-ui.css">
  </head>
  <body>
    <div id="docs"></div>
    <script src="${docsPath}/swagger-ui-bundle.js"></script>
    <script src="${docsPath}/start.js"></script>
  </body>
</html>
`

/** In a file of its own: no script in the page is run. Without a validator nobody else is told of the document. */
const start = `SwaggerUIBundle({
  url: '${openApiPath}',
  dom_id: '#docs',
  validatorUrl: null,
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
})
`

/** Returns the routes of the page that shows the OpenAPI document, with all that it loads. */
export function createDocsPage(): Router {
  const router = express.Router()
  router.use(docsPath, withPolicy)
  router.get(docsPath, (_request, response) => void response.type('html').send(page))
  router.get(`${docsPath}/start.js`, (_request, response) => void response.type('js').send(start))
  const assets = [
    import.meta.resolve('swagger-ui-dist/swagger-ui.css'),
    import.meta.resolve('swagger-ui-dist/swagger-ui-bundle.js'),
    import.meta.resolve('swagger-ui-dist/favicon-32x32.png'),
  ]
  for (const url of assets) {
    router.get(`${docsPath}/${url.split('/').at(-1)}`, (_request, response, next) => {
      // A folder of the installation may begin with a full stop.
      response.sendFile(fileURLToPath(url), { maxAge: '1 day', dotfiles: 'allow' }, (error) => {
        if (error instanceof Error) next(error)
      })
    })
  }
  return router
}

const withPolicy: RequestHandler = (_request, response, next) => {
  response.setHeader('content-security-policy', contentSecurityPolicy)
  next()
}
