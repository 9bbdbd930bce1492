import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Plugin } from 'rolldown'
import type * as everybeat from '../../src/index.js'
import { SCRIPTS } from '../../src/redis/scripts/generated.js'
import { buildLibrary } from '../tools/build/library.js'
import { PROJECT_DIR } from './build.js'

/**
 * Builds a version of this package that differs in one thing: its layout has another number, in TypeScript and in the
 * scripts.
 */
export async function importWithLayout(layout: string): Promise<typeof everybeat> {
  const root = join(PROJECT_DIR, 'node_modules/.cache', `layout-${layout}-${process.pid}`)
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  process.once('exit', () => rmSync(root, { recursive: true, force: true }))
  cpSync(join(PROJECT_DIR, 'package.json'), join(root, 'package.json'))
  const outDir = join(root, 'dist')
  await buildLibrary({ sourceDir: join(PROJECT_DIR, 'src'), outDir, plugins: [withLayout(layout)] })
  return (await import(pathToFileURL(join(outDir, 'index.js')).href)) as typeof everybeat
}

function withLayout(layout: string): Plugin {
  const change = (text: string): string => text.replaceAll("LAYOUT = '1'", `LAYOUT = '${layout}'`)
  return {
    name: 'with-layout',
    transform(code, id) {
      if (id.endsWith('/redis/layout.ts')) {
        if (change(code) === code) throw new Error(`${id} names no layout`)
        return { code: change(code), moduleType: 'ts' }
      }
      if (!id.endsWith('/scripts/generated.ts')) return null
      const scripts = Object.entries(SCRIPTS).map(([name, script]) => {
        const text = change(script.text)
        return [name, { ...script, text, sha1: createHash('sha1').update(text).digest('hex') }]
      })
      return `export const SCRIPTS = ${JSON.stringify(Object.fromEntries(scripts))}\n`
    },
  }
}
