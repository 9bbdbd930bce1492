import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createDashboard } from '../../../src/dashboard/index.js'
import { mount } from '../../../src/dashboard/mount/node.js'
import type { Everybeat } from '../../../src/index.js'
import { findBarriers, goByKeys, serveDashboard, useBrowser } from '../../support/browser.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'
import { startRedisProxy } from '../../support/redis-proxy.js'

const redis = useRedis()
const fleet = useFleet(redis)
const browser = useBrowser()

beforeEach((context) => {
  if (browser.isMissing()) context.skip('there is no Chromium')
})

async function populate(options = {}): Promise<Everybeat> {
  const beat = fleet.create(options)
  await beat.schedules.putMany(['a', 'b', 'c'].map((name) => ({ name, task: 't', cron: '0 3 * * *' })))
  return beat
}

/** The name of the row that the keys have reached; null for none. */
const activeRow = (page: Page) =>
  page.evaluate<string | null>('document.querySelector("tr[data-active=true]")?.dataset.name ?? null')

describe('the keys of the dashboard', () => {
  it('every key of the help has the described effect', async () => {
    const { page, troubles } = await browser.open(await serveDashboard(await populate()))
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    await page.keyboard.press('?')
    const help = page.getByRole('dialog')
    await help.getByText('this help').waitFor()
    const listed = await help.locator('dt').allInnerTexts()
    expect(listed.map((keys) => keys.replace(/\s/g, ''))).toEqual([
      ...['/', 'go', 'gs', 'gr', 'gf', 'gl', 'gd', 'jk', 'Enter', 'x', 't', '?', 'Esc'],
    ])
    await page.keyboard.press('Escape')
    await help.waitFor({ state: 'detached' })
    for (const [key, title] of Object.entries({
      r: 'Runs',
      f: 'Fleet',
      l: 'Load',
      d: 'Doctor',
      o: 'Overview',
      s: 'Schedules',
    })) {
      await goByKeys(page, key)
      await page.getByRole('heading', { name: title, level: 1 }).waitFor()
    }
    await page.locator('tr[data-name=c]').waitFor()
    const reached = []
    for (const key of ['j', 'j', 'j', 'k', 'x']) {
      await page.keyboard.press(key)
      reached.push(await activeRow(page))
    }
    expect(reached).toEqual(['a', 'b', 'c', 'b', 'b'])
    expect(await page.getByLabel('Select b', { exact: true }).isChecked()).toBe(true)
    await page.keyboard.press('t')
    await page.getByRole('button', { name: 'Colours: light' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('c')
    await page.locator('tr[data-name=a]').waitFor({ state: 'detached' })
    // The first empties the search, the second leaves it.
    await page.keyboard.press('Escape')
    await page.locator('tr[data-name=a]').waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('k')
    const name = await activeRow(page)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: name!, level: 1, exact: true }).waitFor()
    expect(troubles).toEqual([])
  })
})

describe('an outage', () => {
  it('a page without requests of its own says that Redis does not answer, keeps its content, and removes the message when Redis answers again', async () => {
    const proxy = await startRedisProxy(redis.url)
    onTestFinished(() => proxy.close())
    const beat = await populate({ redis: proxy.url, connectTimeoutMs: 1_000 })
    const { page } = await browser.open(`${await serveDashboard(beat)}schedules`)
    await page.locator('tr[data-name=a]').waitFor()
    await page.locator('.dot.live').waitFor({ state: 'attached' })
    proxy.setTraffic('refuse')
    await page.getByRole('alert').getByText('Redis does not answer').waitFor()
    expect(await page.locator('tr[data-name=a]').isVisible()).toBe(true)
    expect(await findBarriers(page)).toEqual([])
    proxy.setTraffic('pass')
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await fleet.create().schedules.put('d', { task: 't', every: '1h' })
    await page.getByText('1 change since you began to read').waitFor()
  })

  it('a page says that the server of the dashboard does not answer, and continues with the data of the next server', async () => {
    const beat = await populate()
    const { server, port } = await listen(beat, 0)
    const { page } = await browser.open(`http://127.0.0.1:${port}/schedules`)
    await page.locator('tr[data-name=a]').waitFor()
    await page.locator('.dot.live').waitFor({ state: 'attached' })
    server.close()
    server.closeAllConnections()
    await page.getByRole('alert').getByText('The server of the dashboard does not answer').waitFor()
    await page.getByText('not live, trying again').waitFor({ state: 'attached' })
    await beat.schedules.put('d', { task: 't', every: '1h' })
    await listen(beat, port)
    await page.getByRole('alert').waitFor({ state: 'detached' })
    await page.locator('tr[data-name=d]').waitFor()
  })
})

async function listen(beat: Everybeat, port: number): Promise<{ server: Server; port: number }> {
  const dashboard = createDashboard(beat)
  const server = createServer(mount(dashboard))
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  onTestFinished(() => {
    dashboard.close()
    server.close()
    server.closeAllConnections()
  })
  return { server, port: (server.address() as AddressInfo).port }
}
