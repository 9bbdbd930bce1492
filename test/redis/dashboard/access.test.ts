import { describe, expect, it } from 'vitest'
import { API_ROUTES } from '../../../src/dashboard/api/routes.js'
import { createDashboard, type DashboardOptions } from '../../../src/dashboard/index.js'
import { DashboardClient, WRITE_HEADERS } from '../../support/dashboard.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())
const TOKEN = 'correct horse battery staple 42'

function open(options: DashboardOptions = {}, headers: Record<string, string> = {}, origin?: string): DashboardClient {
  return new DashboardClient(createDashboard(fleet.create(), options), { headers, ...(origin ? { origin } : {}) })
}

/** Paths of routes with names in place of their segments. */
const concrete = API_ROUTES.map((route) => ({ ...route, url: route.path.replace(/:(name|id)/g, 'missing') }))
const writes = concrete.filter(({ isWrite }) => isWrite)
const posts = concrete.filter(({ method }) => method !== 'GET')

describe('a dashboard without sign-in', () => {
  it.each(['localhost', 'localhost:4747', '127.0.0.1:80', '127.8.9.1', '[::1]:4747', 'LOCALHOST', 'shop.localhost'])(
    'a dashboard without sign-in answers to the host %s',
    async (host) => {
      expect((await open({}, { host }).get('session')).status).toBe(200)
    },
  )

  it.each([
    'evil.example',
    'evil.example:4747',
    '192.168.0.7',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '0.0.0.0',
  ])('a dashboard without sign-in refuses the host %s, for pages, assets and data', async (host) => {
    const client = open({}, { host })
    for (const path of ['/', '/schedules', '/assets/app.js', '/api/overview', '/api/session']) {
      expect((await client.fetch(path)).status, path).toBe(403)
    }
  })

  it('a dashboard without sign-in refuses a connection from another machine, whatever host it names', async () => {
    const dashboard = createDashboard(fleet.create())
    const request = () => new Request('http://localhost/api/session', { headers: { host: 'localhost' } })
    expect((await dashboard.fetch(request(), { remoteAddress: '10.0.0.9' })).status).toBe(403)
    expect((await dashboard.fetch(request(), { remoteAddress: '::ffff:10.0.0.9' })).status).toBe(403)
    expect((await dashboard.fetch(request(), { remoteAddress: '::ffff:127.0.0.1' })).status).toBe(200)
    expect((await dashboard.fetch(request(), { remoteAddress: '::1' })).status).toBe(200)
  })

  it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'x-forwarded-host'])(
    'a dashboard without sign-in refuses a request that a proxy forwards with %s',
    async (header) => {
      expect((await open({}, { [header]: '127.0.0.1' }).get('overview')).status).toBe(403)
    },
  )
})

describe('a dashboard with a token', () => {
  it.each(concrete)('a dashboard with a token refuses $method $path without the token', async ({ method, url }) => {
    const client = open({ token: TOKEN })
    const answer = method === 'GET' ? await client.get(url) : await client.send(method, url)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  })

  it('a dashboard with a token answers other hosts, and takes the token from the header alone', async () => {
    const origin = 'https://beat.example'
    const authorization = `Bearer ${TOKEN}`
    expect((await open({ token: TOKEN }, { authorization }, origin).get('overview')).status).toBe(200)
    expect((await open({ token: TOKEN }, {}, origin).get(`overview?token=${encodeURIComponent(TOKEN)}`)).status).toBe(
      401,
    )
  })

  it.each(['', 'x', `${TOKEN}x`, TOKEN.slice(1), TOKEN.toUpperCase()])(
    'a dashboard with a token refuses %j in place of the token',
    async (wrong) => {
      expect((await open({ token: TOKEN }, { authorization: `Bearer ${wrong}` }).get('overview')).status).toBe(401)
      expect((await open({ token: TOKEN }).post('session', { token: wrong })).status).toBe(401)
    },
  )

  it('a dashboard with a token signs in by a cookie that scripts cannot read and other sites do not send, and signs out again', async () => {
    const client = open({ token: TOKEN, basePath: '/ops' }, {}, 'https://beat.example/ops')
    const signedIn = await client.post('session', { token: TOKEN })
    expect(signedIn.status).toBe(200)
    const cookie = signedIn.headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^everybeat_session=\d+\.[\w-]{43}; Path=\/ops\/; HttpOnly; SameSite=Strict; Max-Age=\d+; Secure$/,
    )
    expect(cookie).not.toContain(TOKEN)
    const session = cookie.split(';')[0]!
    expect((await client.get('overview', { cookie: `other=1; ${session}` })).status).toBe(200)
    expect((await client.get('session', { cookie: session })).body).toMatchObject({ role: 'edit', signIn: 'token' })
    const signedOut = await client.send('DELETE', 'session', {}, { cookie: session })
    expect(signedOut.headers.get('set-cookie')).toMatch(/^everybeat_session=; .*Max-Age=0/)
  })

  it('a dashboard with a token refuses a session that is forged, changed, or made with another token', async () => {
    const client = open({ token: TOKEN })
    const other = await open({ token: 'another token' }).post('session', { token: 'another token' })
    const foreign = (other.headers.get('set-cookie') ?? '').split(';')[0]!
    const own = ((await client.post('session', { token: TOKEN })).headers.get('set-cookie') ?? '').split(';')[0]!
    const later = own.replace(/=(\d+)\./, (_, end: string) => `=${Number(end) + 1}.`)
    for (const cookie of [foreign, later, 'everybeat_session=9999999999999.x', `everybeat_session=${TOKEN}`]) {
      expect((await client.get('overview', { cookie })).status, cookie).toBe(401)
    }
    expect((await client.get('overview', { cookie: own })).status).toBe(200)
  })

  it('a dashboard with a token serves its sign-in page with status 401, and the session without an error', async () => {
    const client = open({ token: TOKEN })
    const page = await client.fetch('/schedules')
    expect(page.status).toBe(401)
    expect(page.headers.get('content-type')).toMatch(/^text\/html/)
    expect(await client.get('session')).toMatchObject({ status: 200, body: { user: null, signIn: 'token' } })
  })
})

describe('writes', () => {
  const headersOf = (without: string) =>
    Object.fromEntries(Object.entries(WRITE_HEADERS).filter(([name]) => name !== without))

  it.each(posts)('a write by $method $path is refused without X-Everybeat', async ({ method, url }) => {
    const response = await open().fetch(`/api/${url}`, { method, body: '{}', headers: headersOf('x-everybeat') })
    expect(response.status).toBe(403)
  })

  it.each(posts)('a write by $method $path is refused when it is not JSON', async ({ method, url }) => {
    const headers = { ...headersOf('content-type'), 'content-type': 'text/plain' }
    expect((await open().fetch(`/api/${url}`, { method, body: '{}', headers })).status).toBe(415)
  })

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'http://127.0.0.1:9999' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'http://127.0.0.1:4747', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
  ])('writes from %j are refused', async (headers) => {
    for (const { method, url } of posts) {
      expect((await open().send(method, url, {}, headers as Record<string, string>)).status, url).toBe(403)
    }
  })

  it('writes from a page of the dashboard and from a program are accepted', async () => {
    const client = open()
    const own = { origin: 'http://127.0.0.1:4747', 'sec-fetch-site': 'same-origin' }
    expect((await client.send('PUT', 'schedules/a', { every: '1h' }, own)).status).toBe(201)
    expect((await client.send('PUT', 'schedules/b', { every: '1h' })).status).toBe(201)
  })

  it('writes behind a proxy that ends TLS are accepted from the forwarded host', async () => {
    const headers = { host: 'beat.example', origin: 'https://beat.example', authorization: `Bearer ${TOKEN}` }
    expect((await open({ token: TOKEN }).send('PUT', 'schedules/a', { every: '1h' }, headers)).status).toBe(201)
  })
})

describe('reads', () => {
  it('pages of other sites cannot read data, and can link to pages of the dashboard', async () => {
    const client = open({}, { 'sec-fetch-site': 'cross-site' })
    expect((await client.get('overview')).status).toBe(403)
    expect((await client.fetch('/schedules')).status).toBe(200)
  })
})

describe('roles', () => {
  const as = (role: 'view' | 'operate' | 'edit') => open({ authorize: () => ({ user: 'ana', role }) })

  it.each(writes)('$method $path is refused to a user who may only read', async ({ method, url }) => {
    const answer = await as('view').send(method, url)
    expect(answer).toMatchObject({ status: 403, body: { code: 'ERR_DASHBOARD_ROLE', role: 'view' } })
  })

  it.each(writes.filter(({ role }) => role === 'edit'))(
    '$method $path is refused to a user with the role operate',
    async (route) => {
      expect((await as('operate').send(route.method, route.url)).status).toBe(403)
    },
  )

  it.each(writes.filter(({ role }) => role === 'operate'))(
    '$method $path is open to a user with the role operate',
    async (route) => {
      expect((await as('operate').send(route.method, route.url)).status).not.toBe(403)
    },
  )

  it.each(concrete.filter(({ isWrite, path }) => !isWrite && path !== 'events'))(
    '$method $path is open to a user with the role view',
    async ({ method, url }) => {
      const answer = method === 'GET' ? await as('view').get(url) : await as('view').send(method, url, { every: '1h' })
      expect([200, 404]).toContain(answer.status)
    },
  )

  it('roles come from the host application, which may refuse a user, and may ask its own database', async () => {
    const authorize = async (request: Request) =>
      await Promise.resolve(request.headers.get('x-user') === 'ana' ? { user: 'ana', role: 'edit' as const } : null)
    const client = open({ authorize }, {}, 'https://shop.example')
    expect((await client.get('overview')).status).toBe(401)
    expect((await client.get('session', { 'x-user': 'ana' })).body).toMatchObject({ user: 'ana', role: 'edit' })
  })

  it('an unknown role opens no route', async () => {
    const authorize = () => ({ user: 'ana', role: 'admin' }) as never
    expect((await open({ authorize }).get('overview')).status).toBe(500)
  })
})

describe('a read-only dashboard', () => {
  it.each(writes)('a read-only dashboard refuses $method $path to every user', async ({ method, url }) => {
    const answer = await open({ readOnly: true }).send(method, url)
    expect(answer).toMatchObject({ status: 403, body: { code: 'ERR_DASHBOARD_READ_ONLY' } })
  })

  it('a read-only dashboard still previews a definition', async () => {
    expect((await open({ readOnly: true }).post('preview', { cron: '0 9 * * *' })).status).toBe(200)
  })
})

describe('every answer', () => {
  it.each(['/', '/api/overview', '/api/nothing', '/assets/nothing.js', '/api/openapi.json', '/api/session'])(
    'every answer, such as that of %s, has the policy that restricts a page to its own server',
    async (path) => {
      const { headers } = await open().fetch(path)
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
      )
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('no-store')
      expect(headers.get('access-control-allow-origin')).toBeNull()
    },
  )
})

describe('options', () => {
  it.each([
    [{ token: '' }, 'token'],
    [{ token: 7 }, 'token'],
    [{ token: 'x', authorize: () => null }, 'token'],
    [{ basePath: '/a b' }, 'basePath'],
    [{ basePath: '/a/../b' }, 'basePath'],
    [{ readOnly: 'yes' }, 'readOnly'],
    [{ authorize: true }, 'authorize'],
    [{ redact: 'all' }, 'redact'],
    [{ readonly: true }, 'readonly'],
  ])('the options %j of a dashboard are refused early, and the error repeats no secret', (options, field) => {
    const attempt = () => createDashboard(fleet.create(), options as DashboardOptions)
    expect(attempt).toThrow(expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field }) as Error)
  })
})
