import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FAULTS } from '../chaos/harness/faults.js'
import { PROJECT_DIR } from '../support/build.js'

const CHAOS = join(PROJECT_DIR, 'test/chaos')
const selection = readdirSync(CHAOS)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(CHAOS, file), 'utf8'))
  .join('\n')
const page = readFileSync(join(PROJECT_DIR, 'docs/reliability.md'), 'utf8')

describe('each fault of the chaos suite', () => {
  it.each(Object.entries(FAULTS))(
    'each fault of the chaos suite %s is in the selection of continuous integration, and in the docs',
    (key, fault) => {
      expect(selection).toContain(`'${key}'`)
      expect(page).toContain(`| ${fault.name} `)
    },
  )
})
