import { codeSpans, type Page } from '../support/markdown.js'

/** A command of the CLI as its page should show it; the program itself has the name ''. */
export interface CommandShape {
  name: string
  /** Long names: `--cron`. */
  options: string[]
  /** The commands above it, outermost first, without the program. */
  parent: string[]
}

/** What this check needs to know of a command of the library that parses arguments. */
interface CommandLike {
  name(): string
  commands: CommandLike[]
  options: { long?: string | null; hidden?: boolean }[]
}

/** Flattens the command tree of the CLI; `program` is what `createProgram()` gives. */
export function commandsOf(program: unknown, parent: string[] = [], isTop = true): CommandShape[] {
  const command = program as CommandLike
  const name = isTop ? '' : command.name()
  const options = command.options.filter(({ hidden }) => hidden !== true).flatMap(({ long }) => long ?? [])
  const below = isTop ? [] : [...parent, name]
  return [{ name, options, parent }, ...command.commands.flatMap((child) => commandsOf(child, below, false))]
}

/** Compares the headings of the page, `` `put <name>` `` or `` `everybeat put` ``, and the options named below each. */
export function findCommandDrift(page: Page, commands: readonly CommandShape[]): string[] {
  const globals = commands.find(({ name }) => name === '')?.options ?? []
  const drift: string[] = []
  const sections = page.sections.flatMap((section) => {
    const span = codeSpans(section.heading)[0]
    return span === undefined ? [] : [{ words: wordsOf(span), named: namedOptions(section.text) }]
  })
  for (const { name, options, parent } of commands.filter((command) => command.name !== '')) {
    const path = [...parent, name].join(' ')
    const section = sections.find(({ words }) => words.join(' ') === path)
    if (section === undefined) drift.push(`${path}: has no heading`)
    else {
      drift.push(
        ...options.filter((option) => !section.named.includes(option)).map((option) => `${path}: ${option} is missing`),
      )
      const unknown = section.named.filter(
        (option) => ![...options, ...globals, '--help', '--version'].includes(option),
      )
      drift.push(...unknown.map((option) => `${path}: ${option} does not exist`))
    }
  }
  const paths = commands.map(({ parent, name }) => [...parent, name].join(' '))
  for (const { words } of sections)
    if (!paths.includes(words.join(' '))) drift.push(`\`${words.join(' ')}\` is no command`)
  return drift
}

/** Finds command lines in the code blocks of a page that the CLI would refuse for their command or an option. */
export function findUnknownCommandLines(page: Page, commands: readonly CommandShape[]): string[] {
  const globals = [...(commands.find(({ name }) => name === '')?.options ?? []), '--help', '--version']
  return page.sections
    .flatMap(({ codeBlocks }) => codeBlocks.filter(({ language }) => /^(sh|bash|shell|console)$/.test(language)))
    .flatMap(({ code }) => code.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/^\$ /, '').trim())
    .flatMap((line) => {
      const rest = /^(?:npx (?:-y )?|node dist\/cli\/main\.js |)(?:everybeat )(.*)$/.exec(line)?.[1]
      if (rest === undefined) return []
      const own = rest.replace(/'[^']*'|"[^"]*"/g, '').split(/[|;&#]/)[0] ?? ''
      const words = own.split(/\s+/).filter((word) => word !== '')
      const command = commands.find(
        ({ name, parent }) => parent.length === 0 && name === words.find((word) => /^[a-z]/.test(word)),
      )
      if (command === undefined)
        return words.every((word) => word.startsWith('-')) ? [] : [`${page.path}: ${line}: ${words[0]}`]
      const known = [
        ...globals,
        ...commands
          .filter((other) => other === command || other.parent[0] === command.name)
          .flatMap(({ options }) => options),
      ]
      const unknown = words
        .map((word) => word.split('=')[0] ?? '')
        .filter((word) => word.startsWith('--') && !known.includes(word))
      return unknown.map((option) => `${page.path}: ${line}: ${option}`)
    })
}

function wordsOf(span: string): string[] {
  const words = span.split(/\s+/).filter((word) => /^[a-z][a-z-]*$/.test(word))
  return words[0] === 'everybeat' ? words.slice(1) : words
}

function namedOptions(text: string): string[] {
  const spans = codeSpans(text).flatMap((span) => span.match(/--[a-z][a-z-]*/g) ?? [])
  return [...new Set(spans)]
}
