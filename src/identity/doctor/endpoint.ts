import { isIP } from 'node:net'
import type { ResolvedDocument } from '../../atproto/fetch-did-document.ts'
import { type Check, combine, type Finding } from './check.ts'

const toWrite =
  'Write it as the service #atproto_labeler of type AtprotoLabeler with serviceEndpoint https://<host>'

/** The document says where the labels are served, in the form that everybody reads. */
export const endpointCheck: Check<'did' | 'document' | 'named'> = {
  name: 'endpoint',
  needs: ['did', 'document', 'named'],
  gives: ['endpoint'],
  async run({ document, named }, { allowedPrivateOrigins }) {
    const service = serviceOf(document)
    if (service === undefined) {
      return {
        status: 'fail',
        says: 'the DID document has no service #atproto_labeler: nobody can find the labels',
        fix: toWrite,
      }
    }
    const { serviceEndpoint } = service
    const url = typeof serviceEndpoint === 'string' ? URL.parse(serviceEndpoint) : null
    if (url === null || !/^https?:$/.test(url.protocol)) {
      return { status: 'fail', says: 'the endpoint of #atproto_labeler is no http address', fix: toWrite }
    }
    const isAllowed = allowedPrivateOrigins.includes(url.origin)
    const findings = [
      ...typeFaults(service.type),
      ...formFaults(url, serviceEndpoint as string),
      ...(isAllowed ? [] : schemeFaults(url)),
      ...originFaults(url, named.origin),
    ]
    const plain =
      isAllowed && url.protocol === 'http:' ? ', plain as HARRIER_ALLOW_PRIVATE_ORIGINS allows' : ''
    const finding = combine(findings, `${url.origin}${plain}`)
    return finding.status === 'fail' ? finding : { ...finding, learned: { endpoint: new URL(url.origin) } }
  },
}

function serviceOf({ id, service = [] }: ResolvedDocument) {
  return service.find((entry) => [`#atproto_labeler`, `${id}#atproto_labeler`].includes(entry.id))
}

function typeFaults(type: string): Finding[] {
  if (type === 'AtprotoLabeler') return []
  return [
    {
      status: 'fail',
      says: `the service #atproto_labeler is of type ${type}, and is passed over`,
      fix: toWrite,
    },
  ]
}

function formFaults(url: URL, written: string): Finding[] {
  const extra = [
    url.pathname !== '/' && 'a path',
    url.search !== '' && 'a query',
    url.hash !== '' && 'a fragment',
    url.username !== '' && 'a user name',
  ].filter(Boolean)
  if (extra.length > 0) {
    const says = `the endpoint ${written} has ${extra.join(' and ')}: some ask below it, some beside it`
    return [{ status: 'fail', says, fix: `Write the endpoint as ${url.origin}, and serve /xrpc/ there` }]
  }
  if (!written.endsWith('/')) return []
  return [
    {
      status: 'warn',
      says: `the endpoint ${written} ends in a slash, which some double`,
      fix: `Write it as ${url.origin}`,
    },
  ]
}

function schemeFaults({ protocol, hostname, origin }: URL): Finding[] {
  if (protocol !== 'https:') {
    return [
      {
        status: 'fail',
        says: `the endpoint ${origin} is plain http, which nobody follows`,
        fix: 'Put a proxy with TLS in front of the service, and write the endpoint as https://<host>; for development, name the origin in HARRIER_ALLOW_PRIVATE_ORIGINS',
      },
    ]
  }
  if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0) return []
  const says = `the endpoint ${origin} is an address without a name: hosts do not pass reports on to it`
  return [{ status: 'warn', says, fix: 'Use a host name' }]
}

/** A person who named an address is told when the document names another. */
function originFaults(url: URL, named: string | undefined): Finding[] {
  if (named === undefined || named === url.origin) return []
  const says = `the DID document names ${url.origin}, not ${named}: subscribers go there`
  return [
    {
      status: 'warn',
      says,
      fix: `Look at ${url.origin} instead, or change the endpoint in the DID document`,
    },
  ]
}
