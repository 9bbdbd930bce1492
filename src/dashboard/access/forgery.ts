/** The header that every write carries; a form or an image of another page cannot send it. */
export const WRITE_HEADER = 'x-everybeat'

/**
 * Says why a write counts as forged, or gives null when it is accepted: it has to be JSON, to carry the header
 * `X-Everybeat: 1`, and to come from a page of the dashboard itself or from a program that names no page at all.
 */
export function whyForged(request: Request): { status: 403 | 415; detail: string } | null {
  const { headers } = request
  const site = headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin')
    return { status: 403, detail: `a write from another site (${site}) is refused` }
  const origin = headers.get('origin')
  if (origin !== null && !isOwnOrigin(origin, request)) {
    return {
      status: 403,
      detail: `a write from the origin ${JSON.stringify(origin)} is refused; a proxy has to pass on the header Host unchanged`,
    }
  }
  if (headers.get(WRITE_HEADER) !== '1') return { status: 403, detail: 'a write needs the header X-Everybeat: 1' }
  const type = (headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== 'application/json') return { status: 415, detail: 'a write needs content-type: application/json' }
  return null
}

/** Whether a page of another site requests data: its scripts cannot read the answer, so the request is refused. */
export function isForeignRead(request: Request): boolean {
  const site = request.headers.get('sec-fetch-site')
  return site === 'cross-site' || site === 'same-site'
}

/** Compares host and port only: behind a proxy that ends TLS this server has another scheme. */
function isOwnOrigin(origin: string, request: Request): boolean {
  if (!URL.canParse(origin)) return false
  const { host, protocol } = new URL(origin)
  const own = (request.headers.get('host') ?? new URL(request.url).host).toLowerCase()
  // A URL does not contain the default port of its scheme.
  const plain = own.replace(protocol === 'https:' ? /:443$/ : /:80$/, '')
  return protocol.startsWith('http') && host === plain
}
