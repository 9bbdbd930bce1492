import type { Page } from 'playwright-core'
import { beforeEach, describe, expect, it } from 'vitest'
import { serveDashboard, useBrowser } from '../../support/browser.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const redis = useRedis()
const fleet = useFleet(redis)
const browser = useBrowser()

beforeEach((context) => {
  if (browser.isMissing()) context.skip('there is no Chromium')
})

async function openSchedule() {
  const beat = fleet.create()
  await beat.schedules.put('report', { task: 't', cron: '0 3 * * *' })
  const opened = await browser.open(`${await serveDashboard(beat)}schedules/report`)
  await opened.page.getByRole('heading', { name: 'report', level: 1 }).waitFor()
  return opened
}

/**
 * Clicks a button, and gives what has the focus when the browser could handle the next key: one turn of the event loop later,
 * which no frame has to precede.
 */
const focusAfterClick = (page: Page, button: string): Promise<string> =>
  page.evaluate<string>(`(async () => {
    const { port1, port2 } = new MessageChannel()
    ;(${button}).click()
    await new Promise((resolve) => { port1.onmessage = resolve; port2.postMessage(0) })
    const { activeElement } = document
    return activeElement.getAttribute('name') ?? activeElement.getAttribute('role') ?? activeElement.tagName
  })()`)

const press = (key: string) =>
  `document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true }))`

const PAUSE = `[...document.querySelectorAll('button')].find((button) => button.textContent.includes('Pause…'))`
const MENU = `document.querySelector('button[aria-haspopup=menu]')`

describe('the first keys after a click', () => {
  it('a dialog has the focus before the browser handles the next key', async () => {
    const { page, troubles } = await openSchedule()
    await page.getByRole('button', { name: 'Pause…' }).waitFor()
    expect(await focusAfterClick(page, PAUSE)).toBe('note')
    expect(troubles).toEqual([])
  })

  it('a menu has the focus before the browser handles the next key', async () => {
    const { page, troubles } = await openSchedule()
    await page.locator('button[aria-haspopup=menu]').waitFor()
    expect(await focusAfterClick(page, MENU)).toBe('menuitem')
    expect(troubles).toEqual([])
  })

  it('a page that is rendered between two keys of a shortcut still knows the first key', async () => {
    const { page, troubles } = await openSchedule()
    await page.evaluate(`(async () => {
      ${press('g')}
      document.querySelector('nav a[href$=fleet]').click()
      const nextFrame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
      while (!document.querySelector('h1')?.textContent.includes('Fleet')) await nextFrame()
      await nextFrame()
      ${press('l')}
    })()`)
    await page.getByRole('heading', { name: 'Load', level: 1 }).waitFor()
    expect(troubles).toEqual([])
  })
})
