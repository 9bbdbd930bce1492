import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_DIR } from '../../support/build.js'

const DIST = join(PROJECT_DIR, 'docs/.vitepress/dist')
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** The built site behind a server on the loopback. */
export interface Site extends AsyncDisposable {
  readonly url: string
}

/** Builds the site as `npm run docs` does; a dead link fails it. */
export async function buildSite(): Promise<void> {
  const built = promisify(execFile)('npm', ['run', '-s', 'docs'], { cwd: PROJECT_DIR, maxBuffer: 64 * 1024 * 1024 })
  await built.catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`npm run docs failed:\n${error.stdout}\n${error.stderr}`)
  })
}

/** Serves the built site as any host of plain files does. */
export async function serveSite(): Promise<Site> {
  const server = createServer((request, response) => {
    void answer(new URL(request.url ?? '/', 'http://site').pathname).then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type }).end(body)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(path: string): Promise<{ status: number; type: string; body: Buffer }> {
  const name = normalize(decodeURIComponent(path)).replace(/\/$/, '/index.html')
  for (const candidate of [name, `${name}.html`]) {
    const file = join(DIST, candidate)
    const isFile = await stat(file).then(
      (found) => found.isFile(),
      () => false,
    )
    if (isFile) return { status: 200, type: TYPES[extname(file)] ?? 'text/plain', body: await readFile(file) }
  }
  return { status: 404, type: 'text/html', body: await readFile(join(DIST, '404.html')) }
}
