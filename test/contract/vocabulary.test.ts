import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { listFiles, parseSource, readSources } from '../support/sources.js'
import * as plain from './plain-words.js'
import * as rules from './vocabulary-rules.js'

const page = readFileSync(join(PROJECT_DIR, 'docs/vocabulary.md'), 'utf8')
const rows = page
  .split('\n')
  .filter((line) => /^\| .* \|$/.test(line) && !/^\| -|^\| word|^\| contract/.test(line))
  .map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  )
const tests = listFiles('test')
  .filter((path) => path.endsWith('.ts'))
  .map((path) => parseSource(path, readFileSync(join(PROJECT_DIR, 'test', path), 'utf8')))

describe('the vocabulary', () => {
  it('no word of the vocabulary has two rows', () => {
    const words = rows.flatMap(([word]) => word!.split(/, | \/ /))
    expect(words.length).toBeGreaterThan(50)
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([])
  })

  it('every place that the vocabulary names exists', () => {
    const places = rows.flatMap((cells) => [...(cells[2] ?? '').matchAll(/`([^`]+)`/g)].map(([, place]) => place!))
    expect(places.length).toBeGreaterThan(50)
    expect(places.filter((place) => !existsSync(join(PROJECT_DIR, 'src', place)))).toEqual([])
  })

  it('the page lists every retired word', () => {
    const listed = page.slice(page.indexOf('## Retired words')).toLowerCase()
    expect(rules.RETIRED_WORDS.filter((word) => !listed.includes(word))).toEqual([])
  })
})

describe('the words of the code', () => {
  it('no file and no identifier of the sources says a retired word', () => {
    expect(readSources().flatMap(rules.findRetiredWords)).toEqual([])
  })

  it('no file and no identifier of the tests says a retired word', () => {
    expect(tests.flatMap(rules.findRetiredWords)).toEqual([])
  })

  it('no Lua name says a retired word', () => {
    const files = listFiles('src/redis/scripts').filter((path) => path.endsWith('.lua'))
    const texts = files.map(
      (path) => [path, readFileSync(join(PROJECT_DIR, 'src/redis/scripts', path), 'utf8')] as const,
    )
    expect(texts.flatMap(([path, text]) => rules.findRetiredLuaWords(path, text))).toEqual([])
  })

  it('no title of a test says a retired word', () => {
    expect(tests.flatMap(rules.findRetiredTitles)).toEqual([])
  })

  it('every title of a test is understood without the title of its group', () => {
    expect(tests.flatMap(rules.findHalfTitles)).toEqual([])
  })
})

describe('plain words', () => {
  const read = (path: string): string => readFileSync(join(PROJECT_DIR, path), 'utf8')

  it('every comment of the sources names its subjects', () => {
    const files = listFiles('src').filter((path) => /\.(tsx?|lua)$/.test(path) && !path.endsWith('generated.ts'))
    expect(files.flatMap((path) => plain.findInComments(path, read(`src/${path}`)))).toEqual([])
  })

  it('every comment of the tests and the benchmarks names its subjects', () => {
    const paths = ['test', 'benchmarks'].flatMap((folder) => listFiles(folder).map((path) => `${folder}/${path}`))
    const files = paths.filter(
      (path) => /\.(ts|mts|mjs)$/.test(path) && !/generated|node_modules|plain-words/.test(path),
    )
    expect(files.length).toBeGreaterThan(400)
    const own = 'test/contract/vocabulary.test.ts'
    const found = files.filter((path) => path !== own).flatMap((path) => plain.findInComments(path, read(path)))
    expect(found).toEqual([])
  })

  it('every message names its subjects', () => {
    const sources = readSources().filter(({ path }) => !path.endsWith('generated.ts'))
    expect(sources.flatMap(plain.findInTexts)).toEqual([])
  })

  it('every text that a page of the dashboard shows names its subjects, and none is a riddle', () => {
    const paths = listFiles('src/dashboard/app').filter((path) => /\.tsx?$/.test(path))
    const pages = paths.map((path) => parseSource(path, read(`src/dashboard/app/${path}`)))
    expect(pages.flatMap((page) => plain.findInShownTexts(page))).toEqual([])
  })

  it('every title of a test names its subjects', () => {
    expect(tests.flatMap(plain.findInTitles)).toEqual([])
  })

  it('every page of the documentation names its subjects', () => {
    const pages = ['README.md', 'SECURITY.md', ...listFiles('docs').map((path) => `docs/${path}`)]
    const checked = pages.filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
    expect(checked.flatMap((path) => plain.findInPage(path, read(path)))).toEqual([])
  })

  it('no page of the documentation speaks in riddles, except the changelog, which is a record', () => {
    const paths = listFiles('docs').map((path) => `docs/${path}`)
    const prose = paths.filter((path) => path.endsWith('.md') && !/node_modules|changelog|\.vitepress/.test(path))
    const pages = ['README.md', 'SECURITY.md', 'benchmarks/README.md', ...prose]
    expect(pages.length).toBeGreaterThan(50)
    expect(
      pages.flatMap((path) => plain.findRiddlesInPage(path, read(path).replace(/^## Retired words[^]*/m, ''))),
    ).toEqual([])
  })

  it('the rules of plain words find an empty word in a comment, a message, a title and a page', () => {
    expect(
      plain.findInComments('a.ts', '/** Whoever comes next. */\nconst nobody = 1 // stands\nf("nobody else")'),
    ).toHaveLength(2)
    expect(plain.findInComments('a.lua', '-- Somebody asked.\nlocal a')).toHaveLength(1)
    const code = "throw new Error('nobody is there')\nconst name = 'nobody'\nit(`a run that ${a} stands`, f)"
    expect(plain.findInTexts(parseSource('a.ts', code))).toHaveLength(2)
    expect(plain.findInTitles(parseSource('a.test.ts', code))).toHaveLength(1)
    expect(plain.findInTitles(parseSource('a.test.ts', "it('a worker is told of a run by hand', f)"))).toHaveLength(1)
    const page = parseSource(
      'a.tsx',
      '<p title="For everybody here">\n  Nobody  \n  can claim it, says {who}.<b>Somebody else</b> {`the run before it`}</p>',
    )
    expect(plain.findInShownTexts(page)).toEqual([
      'a.tsx: Nobody can claim it, says',
      'a.tsx: "For everybody here"',
      'a.tsx: `the run before it`',
    ])
    const riddles =
      'A worker that\nis asked by\nhand.\n\n- It goes on\n- `goes on`, "goes on", [x](goes on)\n| told | heals |\n'
    expect(plain.findRiddlesInPage('a.md', riddles)).toEqual([
      'a.md: by hand: A worker that is asked by hand.',
      'a.md: goes on: - It goes on',
      'a.md: told: | told | heals |',
      'a.md: heals: | told | heals |',
    ])
    expect(plain.findInPage('a.md', 'It stands.\n`nobody`, "nobody"\n```sh\nnobody\n```')).toEqual(['a.md: It stands.'])
  })
})

describe('the rules of the vocabulary', () => {
  it('the rules find a retired word in a name of each case, and ignore texts and members of other objects', () => {
    const code = "const isHealed = 1\nfunction nudge_loop() {}\nconst key = 'upkeep heal'\nother.nudge()"
    expect(rules.findRetiredWords(parseSource('worker/hold-back.ts', code))).toEqual([
      'worker/hold-back.ts: isHealed says healed',
      'worker/hold-back.ts: nudge_loop says nudge',
    ])
    expect(rules.findRetiredWords(parseSource('worker/launch.ts', ''))).toHaveLength(1)
    const lua = "-- heal\nlocal function heal_shard() end\nlocal a, census = 1, 'survey'"
    expect(rules.findRetiredLuaWords('a.lua', lua)).toEqual([
      'a.lua: heal_shard says heal',
      'a.lua: census says census',
    ])
  })

  it('the rules find half a title, also behind it.each', () => {
    const titles = "it('is bounded', f)\nit.each([1])('keeps %s', f)\nit('a claim keeps %s', f)\ntest(`has ${1}`, f)"
    expect(rules.findHalfTitles(parseSource('a.test.ts', titles))).toHaveLength(3)
    expect(rules.findRetiredTitles(parseSource('a.test.ts', "it('an edit heals it, a ledger %s', f)"))).toHaveLength(2)
  })
})
