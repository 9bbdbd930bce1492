import { describe, expect, it } from 'vitest'
import { API_ROUTES } from '../../../src/dashboard/api/routes.js'
import { createDashboard } from '../../../src/dashboard/index.js'
import { DashboardClient } from '../../support/dashboard.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const METHODS = ['GET', 'PUT', 'PATCH', 'POST', 'DELETE']

const fleet = useFleet(useRedis())
const open = () => new DashboardClient(createDashboard(fleet.create(), { token: 'a-token-that-is-long-enough-here' }))
const authorization = { authorization: 'Bearer a-token-that-is-long-enough-here' }

/** The operations that the document of a dashboard describes, as `GET api/overview`, without `{…}` filled in. */
async function readOperations(client: DashboardClient) {
  const { body } = await client.get('openapi.json', authorization)
  const paths = body.paths as Record<string, Record<string, { parameters: { name: string; in: string }[] }>>
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
}

describe('openapi.json', () => {
  it('the document describes every route of the router and the session, and nothing else', async () => {
    const described = (await readOperations(open())).map(({ path, method }) => `${method} ${path}`)
    const routed = API_ROUTES.map(({ path, method }) => `${method} /api/${path.replace(/(^|\/):(\w+)/g, '$1{$2}')}`)
    const session = ['GET', 'POST', 'DELETE'].map((method) => `${method} /api/session`)
    expect(described.sort()).toEqual([...routed, ...session].sort())
  })

  it('the dashboard answers what the document describes, and refuses every other method of its paths', async () => {
    const client = open()
    const operations = await readOperations(client)
    const methodsOf = new Map<string, string[]>()
    for (const { path, method } of operations) methodsOf.set(path, [...(methodsOf.get(path) ?? []), method])
    for (const [path, described] of methodsOf) {
      for (const method of METHODS) {
        const filled = path.slice('/api/'.length).replace(/\{\w+\}/g, 'nothing')
        const response = await client.fetch(`/api/${filled}`, {
          method,
          headers: { ...authorization, 'content-type': 'application/json', 'x-everybeat': '1' },
          ...(method === 'GET' ? {} : { body: '{}' }),
        })
        const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
        const text = isStream ? '' : await response.text()
        if (isStream) await response.body?.cancel()
        const title = `${method} ${path}: ${response.status} ${text}`
        if (!described.includes(method)) expect(response.status, title).toBe(405)
        else expect(response.status === 405 || text.includes('the API has no'), title).toBe(false)
      }
    }
  })

  it('the document names every segment of a path, and the revision where a request needs one', async () => {
    for (const { path, method, operation } of await readOperations(open())) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const described = operation.parameters.filter((each) => each.in === 'path').map(({ name }) => name)
      expect(described, path).toEqual(names)
      const hasRevision = operation.parameters.some(({ name }) => name === 'If-Match')
      expect(hasRevision, `${method} ${path}`).toBe(path === '/api/schedules/{name}' && method !== 'GET')
    }
  })
})
