import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

const COOKIE = 'everybeat_session'
/** Time after its sign-in at which a session ends, ms. */
const SESSION_MS = 12 * 3_600_000

/**
 * Signs in by one shared token: as `Authorization: Bearer`, or once by the sign-in form, which gives a cookie. The cookie
 * holds the end of the session and a code of it that only the token makes; the server stores no session.
 */
export class TokenSession {
  /** Digest of the token: the compared values have one length, whatever a client sends. */
  readonly #digest: Buffer
  readonly #key: Buffer
  readonly #now: () => number

  constructor(token: string, now: () => number) {
    this.#digest = digestOf(token)
    this.#key = createHmac('sha256', token).update('everybeat dashboard session').digest()
    this.#now = now
  }

  /** Whether this is the token; takes the same time for every wrong one. */
  isToken(text: string): boolean {
    return timingSafeEqual(digestOf(text), this.#digest)
  }

  /** Whether a request carries the token or a session that has not ended. */
  isSignedIn(request: Request): boolean {
    const bearer = /^Bearer +(.+)$/i.exec(request.headers.get('authorization') ?? '')
    if (bearer) return this.isToken(bearer[1]!.trim())
    const cookie = readCookie(request.headers.get('cookie') ?? '')
    return cookie !== null && this.#isSession(cookie)
  }

  /** The `Set-Cookie` of a new session, for the pages below a path. */
  start(path: string, isSecure: boolean): string {
    const end = this.#now() + SESSION_MS
    return cookieText(`${end}.${this.#code(end)}`, path, isSecure, SESSION_MS / 1_000)
  }

  /** The `Set-Cookie` that ends the session of this browser. */
  end(path: string, isSecure: boolean): string {
    return cookieText('', path, isSecure, 0)
  }

  #isSession(cookie: string): boolean {
    const match = /^(\d{1,15})\.([\w-]{43})$/.exec(cookie)
    if (!match) return false
    const isGenuine = timingSafeEqual(Buffer.from(match[2]!), Buffer.from(this.#code(Number(match[1]))))
    return isGenuine && Number(match[1]) > this.#now()
  }

  #code(end: number): string {
    return createHmac('sha256', this.#key).update(String(end)).digest('base64url')
  }
}

function cookieText(value: string, path: string, isSecure: boolean, maxAge: number): string {
  return `${COOKIE}=${value}; Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${maxAge}${isSecure ? '; Secure' : ''}`
}

function readCookie(header: string): string | null {
  for (const part of header.split(';')) {
    const [name, value] = part.trim().split('=', 2)
    if (name === COOKIE && value) return value
  }
  return null
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
