import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** The folder of the built pages: in the package, wherever this code runs, also in a bundle. */
function folder(): string {
  return join(dirname(createRequire(import.meta.url).resolve('everybeat/package.json')), 'dist/dashboard/app')
}

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
  txt: 'text/plain; charset=utf-8',
}

/** The built pages: one HTML document for every page, and its assets, whose names change with their content. */
export class PageAssets {
  /** Files that have been read, by name. */
  readonly #files = new Map<string, Promise<Uint8Array<ArrayBuffer> | null>>()

  /** An asset such as `assets/app-1a2b.js`, or null. */
  async asset(path: string): Promise<Response | null> {
    const match = /^assets\/[\w.-]+\.(\w+)$/.exec(path)
    const type = match && TYPES[match[1]!]
    if (!type) return null
    const bytes = await this.#read(path)
    if (!bytes) return null
    return new Response(bytes, {
      headers: { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' },
    })
  }

  /**
   * The document of a page with a number of segments below the base path. Its links are relative, so that they are right
   * under any base path, also one that a proxy removes.
   */
  async document(depth: number, status: number): Promise<Response> {
    const bytes = await this.#read('index.html')
    const html = bytes ? Buffer.from(bytes).toString('utf8') : NOT_BUILT
    const text = html.replaceAll('"./', `"${'../'.repeat(depth) || './'}`)
    return new Response(text, { status, headers: { 'content-type': 'text/html; charset=utf-8' } })
  }

  #read(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    let file = this.#files.get(path)
    if (!file) {
      file = read(path).then(
        (bytes) => new Uint8Array(bytes),
        () => null,
      )
      this.#files.set(path, file)
      // A build that is running may write the file.
      void file.then((bytes) => bytes ?? this.#files.delete(path))
    }
    return file
  }
}

async function read(path: string): Promise<Buffer> {
  return await readFile(join(folder(), path))
}

const NOT_BUILT =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Everybeat</title><p>The pages of the dashboard are not built: run npm run build.</p></html>'
