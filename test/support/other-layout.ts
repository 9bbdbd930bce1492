import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as everybeat from '../../src/index.js'
import { PROJECT_DIR } from './build.js'

interface Script {
  text: string
  sha1: string
}

/**
 * Makes a version of this package that differs in one thing: its layout has another number, in TypeScript and in the
 * scripts. It comes from the built `dist/`.
 */
export async function importWithLayout(layout: string): Promise<typeof everybeat> {
  const root = join(PROJECT_DIR, 'node_modules/.cache', `layout-${layout}-${process.pid}`)
  rmSync(root, { recursive: true, force: true })
  mkdirSync(root, { recursive: true })
  cpSync(join(PROJECT_DIR, 'package.json'), join(root, 'package.json'))
  cpSync(join(PROJECT_DIR, 'dist'), join(root, 'dist'), { recursive: true })
  replace(join(root, 'dist/redis/layout.js'), "LAYOUT = '1'", `LAYOUT = '${layout}'`)
  const generated = join(root, 'dist/redis/scripts/generated.js')
  const { SCRIPTS } = (await import(pathToFileURL(generated).href)) as { SCRIPTS: Record<string, Script> }
  const scripts = Object.entries(SCRIPTS).map(([name, script]) => {
    const text = script.text.replaceAll("LAYOUT = '1'", `LAYOUT = '${layout}'`)
    return [name, { ...script, text, sha1: createHash('sha1').update(text).digest('hex') }]
  })
  writeFileSync(generated, `export const SCRIPTS = ${JSON.stringify(Object.fromEntries(scripts))}\n`)
  process.once('exit', () => rmSync(root, { recursive: true, force: true }))
  // The module that was read before the change is kept under its plain address.
  replace(join(root, 'dist/redis/scripts/run-script.js'), './scripts/generated.js', './scripts/generated.js?changed')
  return (await import(pathToFileURL(join(root, 'dist/index.js')).href)) as typeof everybeat
}

function replace(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, text.replace(from, to))
}
