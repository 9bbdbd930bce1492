import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { ExpressAdapter } from '@nestjs/platform-express'
import { FastifyAdapter } from '@nestjs/platform-fastify'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createDashboard, type Dashboard } from '../../../src/dashboard/index.js'
import { mount as mountExpress } from '../../../src/dashboard/mount/express.js'
import { mount as mountFastify } from '../../../src/dashboard/mount/fastify.js'
import { mount as mountHono } from '../../../src/dashboard/mount/hono.js'
import { mount as mountNest, type NestApplication } from '../../../src/dashboard/mount/nestjs.js'
import { mount as mountNode } from '../../../src/dashboard/mount/node.js'
import { EventReader, WRITE_HEADERS } from '../../support/dashboard.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())
const BASE = '/admin/beat'

class AppModule {}
Module({})(AppModule)

/** Each starts a server with a dashboard at {@link BASE} and gives its port. */
const hosts: Record<string, (dashboard: Dashboard) => Promise<number>> = {
  'node:http': (dashboard) => listen(createServer(mountNode(dashboard))),
  Express: (dashboard) => {
    const app = express()
    app.use(BASE, mountExpress(dashboard))
    return listen(createServer(app))
  },
  'Express behind a body parser': (dashboard) => {
    const app = express()
    app.use(express.json())
    app.use(BASE, mountExpress(dashboard))
    return listen(createServer(app))
  },
  'Express without a path': (dashboard) => {
    const app = express()
    app.use(mountExpress(dashboard))
    app.get('/own', (_request, response) => void response.send('own'))
    return listen(createServer(app))
  },
  Fastify: async (dashboard) => {
    const app = fastify({ forceCloseConnections: true })
    app.post('/own', (request) => request.body)
    await app.register(mountFastify(dashboard) as never, { prefix: BASE })
    await app.listen({ port: 0, host: '127.0.0.1' })
    onTestFinished(() => app.close())
    return (app.server.address() as AddressInfo).port
  },
  Hono: (dashboard) => {
    const app = new Hono()
    app.all(`${BASE}/*`, mountHono(dashboard) as never)
    return listen(createServer((incoming, outgoing) => void handThrough(app, incoming, outgoing)))
  },
  'Nest on Express': async (dashboard) => await listenNest(dashboard, new ExpressAdapter()),
  'Nest on Fastify': async (dashboard) => await listenNest(dashboard, new FastifyAdapter()),
}

async function listenNest(dashboard: Dashboard, adapter: ExpressAdapter | FastifyAdapter): Promise<number> {
  const app = await NestFactory.create(AppModule, adapter, { logger: false })
  await mountNest(app as NestApplication, BASE, dashboard)
  await app.listen(0, '127.0.0.1')
  onTestFinished(() => app.close())
  return (app.getHttpServer().address() as AddressInfo).port
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** The least that an adapter of Hono does. */
async function handThrough(app: Hono, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headers } = incoming
  const body = method === 'GET' ? {} : { body: Readable.toWeb(incoming) as ReadableStream, duplex: 'half' as const }
  const request = new Request(`http://${headers.host}${url}`, {
    method,
    headers: headers as Record<string, string>,
    ...body,
  })
  const response = await app.fetch(request, { incoming })
  outgoing.writeHead(response.status, Object.fromEntries(response.headers))
  if (response.body) Readable.fromWeb(response.body as never).pipe(outgoing)
  else outgoing.end()
}

describe.each(Object.entries(hosts))('a dashboard under %s', (name, start) => {
  const open = async (): Promise<string> => {
    const dashboard = createDashboard(fleet.create(), { basePath: BASE })
    onTestFinished(() => dashboard.close())
    return `http://127.0.0.1:${await start(dashboard)}`
  }

  it('a mounted dashboard serves its pages with links that stay below its path, and redirects to the slash', async () => {
    const url = await open()
    const bare = await fetch(`${url}${BASE}?q=x`, { redirect: 'manual' })
    expect(bare.status).toBe(308)
    expect(new URL(bare.headers.get('location')!, bare.url).href).toBe(`${url}${BASE}/?q=x`)
    for (const [path, up] of [
      ['/', './assets/'],
      ['/schedules', './assets/'],
      ['/schedules/a%2Fb', '../assets/'],
    ]) {
      const page = await fetch(`${url}${BASE}${path}`)
      expect(page.status, path).toBe(200)
      const script = /src="([^"]+\.js)"/.exec(await page.text())?.[1] ?? ''
      expect(script, path).toMatch(new RegExp(`^${up!.replaceAll('.', '\\.')}`))
      const asset = await fetch(new URL(script, page.url))
      expect(asset.status).toBe(200)
      expect(asset.headers.get('cache-control')).toContain('immutable')
    }
    expect((await fetch(`${url}${BASE}/assets/..%2fpackage.json`)).status).toBe(404)
  })

  it('a mounted dashboard reads and writes schedules with any name', async () => {
    const url = `${await open()}${BASE}/api/`
    const put = { method: 'PUT', headers: WRITE_HEADERS, body: JSON.stringify({ every: '1h', payload: { a: [1] } }) }
    const created = await fetch(`${url}schedules/a%2Fb%20%C3%BC`, put)
    expect(created.status, await created.clone().text()).toBe(201)
    const read = await fetch(`${url}schedules/a%2Fb%20%C3%BC`)
    expect(await read.json()).toMatchObject({ name: 'a/b ü', payload: { a: [1] } })
    const paused = await fetch(`${url}schedules:pause`, { ...put, method: 'POST', body: '{"names":["a/b ü"]}' })
    expect(await paused.json()).toMatchObject({ counts: { paused: 1 } })
    const bare = await fetch(`${url}schedules/a%2Fb%20%C3%BC/resume`, { method: 'POST', headers: WRITE_HEADERS })
    expect(bare.status).toBe(200)
    const foreign = await fetch(`${url}schedules/x`, {
      ...put,
      headers: { ...WRITE_HEADERS, origin: 'https://evil.example' },
    })
    expect(foreign.status).toBe(403)
    const removed = await fetch(`${url}schedules/a%2Fb%20%C3%BC`, { method: 'DELETE', headers: WRITE_HEADERS })
    expect(removed.status).toBe(200)
  })

  it('a mounted dashboard streams events as they happen', async () => {
    const url = `${await open()}${BASE}/api/`
    const gone = new AbortController()
    const reader = new EventReader(await fetch(`${url}events`, { signal: gone.signal }))
    await reader.id()
    await fetch(`${url}schedules/a`, { method: 'PUT', headers: WRITE_HEADERS, body: '{"every":"1h"}' })
    expect((await reader.next(({ type }) => type === 'schedule')).data.name).toBe('a')
    gone.abort()
  })

  if (name.endsWith('without a path')) {
    it('a mounted dashboard leaves other paths to the application', async () => {
      expect(await (await fetch(`${await open()}/own`)).text()).toBe('own')
    })
  }
  if (name === 'Fastify') {
    it('a mounted dashboard does not change the parsers of the application', async () => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' }
      expect(await (await fetch(`${await open()}/own`, init)).json()).toEqual({ a: 1 })
    })
  }
})
