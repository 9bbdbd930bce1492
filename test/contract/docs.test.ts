import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/errors.js'
import { PROJECT_DIR } from '../support/build.js'
import { codeSpans, findDeadLinks, firstCells, type Page, parsePage, readPages } from '../support/markdown.js'
import { listFiles, readSources } from '../support/sources.js'
import { commandsOf, findCommandDrift, findUnknownCommandLines } from './cli-docs.js'

const pages = readPages()
const sources = readSources()
const optionsOf = interfacesNamed(/^(?!Resolved)\w*Options$/, /^([^\/]+|(options|control)\/.+)$/)
const fieldsOf = interfacesNamed(/^DefinitionInput$/, /^schedule\//)

/** Gives a page that has to be there. */
function pageOf(path: string): Page {
  const found = pages.find((page) => page.path === path)
  if (!found) throw new Error(`${path} is missing`)
  return found
}

/** The names that a reference page explains: in backticks, in the first column of its tables. */
function namesIn(page: Page): string[] {
  return firstCells(page).flatMap(codeSpans)
}

describe('docs/reference/errors.md', () => {
  it('docs/reference/errors.md has a row for every code and for no other', () => {
    const rows = namesIn(pageOf('docs/reference/errors.md')).filter((name) => name.startsWith('ERR_'))
    expect(rows.sort()).toEqual(Object.keys(ERROR_CODES).sort())
  })
})

describe('docs/reference/events.md', () => {
  it('docs/reference/events.md has a row for every event and for no other', () => {
    const rows = namesIn(pageOf('docs/reference/events.md'))
    const events = interfacesNamed(/^EverybeatEvents$/, /^events\/events\.ts$/).get('EverybeatEvents') ?? []
    expect(events).toContain('run:started')
    expect(events.filter((name) => !rows.includes(name))).toEqual([])
    // The page also lists the diagnostics channels.
    const isChannel = (name: string): boolean => name.startsWith('everybeat:')
    expect(rows.filter((name) => name.includes(':') && !isChannel(name) && !events.includes(name))).toEqual([])
  })
})

describe('docs/reference/options.md', () => {
  it.for([...optionsOf])('docs/reference/options.md has a row for every field of %s', ([, fields]) => {
    const rows = namesIn(pageOf('docs/reference/options.md')).map((name) => name.split('.').at(-1))
    expect(fields.filter((field) => !rows.includes(field))).toEqual([])
  })

  it('every field of a definition has a row in docs/reference/options.md, or in a page of its own', () => {
    const own = pages.filter(({ path }) => /^docs\/reference\/(definitions?|schedules?)\.md$/.test(path))
    const rows = [...own, pageOf('docs/reference/options.md')].flatMap(namesIn)
    const fields = fieldsOf.get('DefinitionInput') ?? []
    expect(fields).toContain('cron')
    expect(fields.filter((field) => !rows.includes(field))).toEqual([])
  })

  it('docs/reference/options.md has a row for options only', () => {
    const known = [...optionsOf.values(), ...fieldsOf.values()].flat()
    const rows = namesIn(pageOf('docs/reference/options.md')).filter((name) => /^[a-z][A-Za-z.]*$/.test(name))
    expect(rows.filter((name) => !known.includes(name.split('.').at(-1) ?? ''))).toEqual([])
  })

  it('docs/reference/options.md and the other pages exist if the package has an entry and a README', () => {
    const hasEntry = sources.some(({ path }) => path === 'index.ts')
    const names = ['errors', 'events', 'options'].map((name) => `docs/reference/${name}.md`)
    // Skipping ends here: what is published is described.
    if (hasEntry && existsSync(join(PROJECT_DIR, 'README.md'))) {
      expect(names.filter((name) => !pages.some(({ path }) => path === name))).toEqual([])
    }
  })
})

describe('docs/reference/cli.md', () => {
  it('docs/reference/cli.md has a heading for every command with each of its options, and no other heading or option', async () => {
    const program = await importProgram()
    expect(findCommandDrift(pageOf('docs/reference/cli.md'), commandsOf(program))).toEqual([])
  })

  it('the program accepts every command line that a page shows', async () => {
    const program = await importProgram()
    const commands = commandsOf(program)
    expect(pages.flatMap((page) => findUnknownCommandLines(page, commands))).toEqual([])
  })
})

describe('the links', () => {
  it.each(pages)('each link of $path has a target', (page) => {
    expect(findDeadLinks(page, pages)).toEqual([])
  })
})

describe('the samples', () => {
  it('a sample that handles SIGTERM handles SIGINT too, which Ctrl+C sends', () => {
    const files = ['docs/guides', 'docs/examples'].flatMap((dir) => listFiles(dir).map((name) => `${dir}/${name}`))
    const alone = files.filter((path) => readFileSync(join(PROJECT_DIR, path), 'utf8').includes("once('SIGTERM'"))
    expect(alone).toEqual([])
  })
})

describe('the rules', () => {
  const text = `# A title\n\nSee [it](b.md#two-words), [gone](c.md), [here](#a-title), [no](#nowhere), [web](https://x.y).
| name | about |
|---|---|
| \`a\` | \`not me\` |
| \`b\` \\| \`c\` | |
\`\`\`sh
everybeat put x --cron '* * * * *' --nope
npx everybeat frobnicate
\`\`\`
## \`put <name>\`\n\`--cron\` and \`--json\`\n## \`gone\`\n\`--force\`\n`
  const page = parsePage('docs/a.md', text)
  const commands = [
    { name: 'put', options: ['--cron', '--every'], parent: [] },
    { name: 'ls', options: [], parent: [] },
    { name: '', options: ['--json'], parent: [] },
  ]

  it('the rules read names from first columns only', () => {
    expect(namesIn(page)).toEqual(['a', 'b', 'c'])
  })

  it('the rules find dead links and dead anchors', () => {
    const other = parsePage('docs/b.md', '# Two words\n')
    expect(findDeadLinks(page, [page, other], (path) => path !== 'docs/c.md')).toEqual(['c.md', '#nowhere'])
  })

  it('the rules read the commands, their long options and their subcommands from the program', () => {
    const program = new Command('everybeat').option('--json', 'write JSON')
    program.command('put <name>').option('-c, --cron <text>', 'a cron').option('--no-spread', 'in phase')
    program.command('pool').command('drain').addOption(new Option('--secret').hideHelp())
    expect(commandsOf(program)).toEqual([
      { name: '', options: ['--json'], parent: [] },
      { name: 'put', options: ['--cron', '--no-spread'], parent: [] },
      { name: 'pool', options: [], parent: [] },
      { name: 'drain', options: [], parent: ['pool'] },
    ])
  })

  it('the rules find commands and options without a heading, and headings of unknown ones', () => {
    expect(findCommandDrift(page, commands)).toEqual([
      'put: --every is missing',
      'ls: has no heading',
      '`gone` is no command',
    ])
    expect(findUnknownCommandLines(page, commands)).toEqual([
      "docs/a.md: everybeat put x --cron '* * * * *' --nope: --nope",
      'docs/a.md: npx everybeat frobnicate: frobnicate',
    ])
  })
})

/** Exported interfaces and the names of their fields. */
function interfacesNamed(name: RegExp, file: RegExp): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const { path, syntax } of sources.filter((source) => file.test(source.path))) {
    for (const node of syntax.statements.filter(ts.isInterfaceDeclaration)) {
      const isExported = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
      if (!isExported || !name.test(node.name.text)) continue
      const fields = node.members.flatMap((member) => (member.name === undefined ? [] : [nameText(member.name)]))
      found.set(found.has(node.name.text) ? `${node.name.text} (${path})` : node.name.text, fields)
    }
  }
  return found
}

function nameText(name: ts.PropertyName): string {
  return ts.isStringLiteral(name) || ts.isIdentifier(name) ? name.text : name.getText()
}

async function importProgram(): Promise<unknown> {
  const file = join(PROJECT_DIR, 'dist/cli/program.js')
  const { createProgram } = (await import(file)) as { createProgram: () => unknown }
  return createProgram()
}

describe('diagrams', () => {
  it('no line of a diagram holds a semicolon, which ends a statement of Mermaid in the middle of a label', () => {
    const blocks = pages.flatMap((page) => page.sections.flatMap((section) => section.codeBlocks))
    const diagrams = blocks.filter(({ language }) => language === 'mermaid')
    expect(diagrams.length).toBeGreaterThan(2)
    expect(diagrams.flatMap(({ code }) => code.split('\n')).filter((line) => line.includes(';'))).toEqual([])
  })
})
