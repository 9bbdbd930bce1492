import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { PROJECT_DIR } from '../../support/build.js'
import { serveDashboard, useBrowser } from '../../support/browser.js'
import { comparePicture, packPicture } from '../../support/picture.js'
import { createShowcase, SHOWCASE_NOW, type Showcase } from '../../support/showcase.js'

/** `npm run screenshots` writes the pictures; a test compares with them. */
const isWritten = process.env['EVERYBEAT_SCREENSHOTS'] === 'write'
/** A folder for the pictures in full size, for who works on the pages. */
const LOOK_AT = process.env['EVERYBEAT_LOOK_AT']
const KEPT = join(PROJECT_DIR, 'test/e2e/dashboard/appearance')
const IMAGES = join(PROJECT_DIR, 'docs/images')
const browser = useBrowser()
let showcase: Showcase

beforeEach((context) => {
  if (browser.isMissing()) context.skip('there is no Chromium')
})

beforeAll(async () => {
  showcase = await createShowcase()
  // The dashboard reads the clock of its process, and the clock of the showcase does not move.
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(SHOWCASE_NOW) })
})

afterAll(async () => {
  vi.useRealTimers()
  await showcase[Symbol.asyncDispose]()
})

const LONG =
  'a-name-that-a-program-made-of-customer-and-region-and-purpose-eu-central-1-tenant-004711-usage-metering-v2'

/** Every page, with what is on it when it is whole. */
const PAGES: Readonly<Record<string, readonly [path: string, text: string]>> = {
  overview: ['', 'The last hour and the next'],
  schedules: ['schedules', 'tenant-01-usage'],
  'schedules-empty': ['schedules?q=nothing', 'No schedule matches'],
  schedule: ['schedules/invoice-export', 'connect ECONNREFUSED'],
  'schedule-long-name': [`schedules/${LONG}`, 'Every 6 minutes'],
  'schedule-paused': ['schedules/partner-sync', 'The partner moves'],
  edit: ['schedules/night-report/edit', 'Next 10'],
  yaml: ['schedules/invoice-export/edit?as=yaml', 'Next 10'],
  pause: ['schedules/price-feed?do=pause', 'How long'],
  commands: ['schedules/price-feed?do=commands', 'Explain its state'],
  runs: ['runs', 'thumbnail-sweep'],
  fleet: ['fleet', 'media-1'],
  load: ['load', 'more, up to'],
  'load-jitter': [`load?hour=${Date.parse('2026-11-27T10:00:00Z')}&jitter=15m`, 'the busiest minute has'],
  new: ['new', 'Next 10'],
  doctor: ['doctor', 'Latency'],
}

const LOOKS = [
  { look: 'light', isDark: false, width: 1_360 },
  { look: 'dark', isDark: true, width: 1_360 },
  { look: 'phone', isDark: false, width: 390 },
  { look: 'phone-dark', isDark: true, width: 390 },
] as const

/** Which pictures the documentation shows, by the name of their file. */
const DOCUMENTED: Readonly<Record<string, string>> = {
  'overview.light': 'dashboard-overview.png',
  'schedule.dark': 'dashboard-schedule.png',
  'load-jitter.light': 'dashboard-load.png',
  'schedules.phone': 'dashboard-phone.png',
}

/** Waits until a page is whole and nothing moves on it. */
async function settle(page: Page, path: string, text: string): Promise<void> {
  if (path.includes('yaml')) await expect.poll(() => page.inputValue('textarea[name=yaml]')).toContain('every')
  await page.getByText(text).first().waitFor()
  await page.locator('.dot.live').waitFor({ state: 'attached' })
  await expect.poll(() => page.locator('.skeleton').count()).toBe(0)
  // The code of charts comes when the first one is shown, and a chart is drawn in a turn of its own.
  await expect.poll(() => page.locator('.panel-body.chart:not(:has(canvas))').count()).toBe(0)
  await page.evaluate('document.fonts.ready')
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

describe('the appearance of the dashboard', () => {
  it.each(LOOKS)(
    'every page looks like its stored picture, $look',
    async ({ look, isDark, width }) => {
      const url = await serveDashboard(showcase.beat, { label: 'shop' })
      const differences: Record<string, string> = {}
      for (const [name, [path, text]] of Object.entries(PAGES)) {
        const { page, troubles } = await browser.open(url + path, { isDark, width, now: SHOWCASE_NOW })
        await settle(page, path, text)
        const bytes = await page.screenshot({ fullPage: true })
        const documented = DOCUMENTED[`${name}.${look}`]
        if (isWritten && documented) writeFileSync(join(IMAGES, documented), packPicture(await page.screenshot()))
        if (LOOK_AT) writeFileSync(join(LOOK_AT, `${name}.${look}.png`), bytes)
        const difference = comparePicture(bytes, join(KEPT, `${name}.${look}.png`), isWritten)
        if (difference !== null) differences[name] = difference
        if (troubles.length > 0) differences[name] = troubles.join('; ')
        await page.context().close()
      }
      expect(differences).toEqual({})
    },
    300_000,
  )
})
