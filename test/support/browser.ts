import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, onTestFinished } from 'vitest'
import { createDashboard, type DashboardOptions } from '../../src/dashboard/index.js'
import { mount } from '../../src/dashboard/mount/node.js'
import type { Everybeat } from '../../src/index.js'
import { ensureTool } from './tools.js'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** A page of a browser, with what went wrong on it. */
export interface WatchedPage {
  readonly page: Page
  /** Errors of the console and of scripts, refusals of the policy, requests to other hosts. */
  readonly troubles: string[]
}

/** Gives a suite one browser; null where there is none. Call it where hooks may be called. */
export function useBrowser(): { open(url: string, options?: PageOptions): Promise<WatchedPage>; isMissing(): boolean } {
  let browser: Browser | null = null
  beforeAll(async () => {
    const tool = await ensureTool('chromium')
    if (tool.kind === 'found') browser = await chromium.launch({ executablePath: tool.path, args: ['--no-sandbox'] })
  })
  afterAll(() => browser?.close())
  return {
    isMissing: () => browser === null,
    open: (url, options = {}) => openPage(browser!, url, options),
  }
}

/** How a page is looked at. */
export interface PageOptions {
  readonly isDark?: boolean
  readonly width?: number
  /** The fixed instant of the page's clock; default: the clock runs. */
  readonly now?: string
}

async function openPage(
  browser: Browser,
  url: string,
  { isDark = false, width = 1360, now }: PageOptions,
): Promise<WatchedPage> {
  const viewport = { width, height: width < 600 ? 844 : 900 }
  const context = await browser.newContext({
    viewport,
    colorScheme: isDark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  if (now !== undefined) await page.clock.setFixedTime(now)
  const troubles: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text())
  })
  page.on('pageerror', (error) => troubles.push(error.message))
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin) troubles.push(`asks ${request.url()}`)
  })
  await page.goto(url)
  return { page, troubles }
}

/** Goes to a page by its two keys, sent at once: what lies between two calls must not outlast the time that the keys have. */
export async function goByKeys(page: Page, key: string): Promise<void> {
  await Promise.all([page.keyboard.press('g'), page.keyboard.press(key)])
}

/** What axe finds against the WCAG on a page, one line each. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axeSource)
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> }
    }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) => nodes.slice(0, 3).map(({ html }) => `${id}: ${html.slice(0, 160)}`))
  })
}

/** Serves a dashboard until the test is over, and gives its address. */
export async function serveDashboard(beat: Everybeat, options: DashboardOptions = {}): Promise<string> {
  const dashboard = createDashboard(beat, options)
  const server = createServer(mount(dashboard))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    dashboard.close()
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${dashboard.basePath}`
}
