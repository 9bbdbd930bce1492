/** The facts that a mount knows about a request and that the request does not contain. */
export interface RequestOrigin {
  /** The path below which the host application serves the dashboard, in place of the option `basePath`. */
  readonly basePath?: string | undefined
  /** The address of the client, if the mount knows it. */
  readonly remoteAddress?: string | undefined
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip']

/**
 * Says why a dashboard without sign-in does not serve a request, or gives null when it does: the request has to come
 * from this machine and to name this machine. Another site can let its own name resolve to 127.0.0.1 and then read
 * from this server (DNS rebinding); its name is in `Host`.
 */
export function whyNotLocal(request: Request, origin: RequestOrigin): string | null {
  const host = request.headers.get('host') ?? new URL(request.url).host
  if (!isLoopbackHost(host)) {
    return `a dashboard without a token or \`authorize\` answers to localhost and 127.0.0.1 only, not to ${JSON.stringify(host)}`
  }
  if (origin.remoteAddress !== undefined && !isLoopbackAddress(origin.remoteAddress)) {
    return 'a dashboard without a token or `authorize` answers requests from this machine only'
  }
  const forwarded = FORWARDED.find((name) => request.headers.has(name))
  return forwarded === undefined
    ? null
    : `a dashboard without a token or \`authorize\` is not served through a proxy (${forwarded} is set)`
}

/** Whether a `Host` header, with or without a port, names this machine. */
export function isLoopbackHost(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/:\d{1,5}$/, '')
    .replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || isLoopbackAddress(name)
}

/** Whether an address of a connection is this machine's own. */
export function isLoopbackAddress(address: string): boolean {
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$/i.test(address) || address === '::1'
}
