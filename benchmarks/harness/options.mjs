import { parseArgs } from 'node:util'

export const USAGE = `Usage: npm run bench -- [options]

  --scenario a,b    only these scenarios
  --cell text       only the cells whose label contains this text
  --peers a,b       only these peers (none: Everybeat alone)
  --without-us      leave Everybeat out
  --repeats n       rounds per figure, the median is shown (3; with --quick 1)
  --quick           short windows, one round, no million
  --markdown [file] also write the tables as Markdown (to benchmarks/results/ without a file)
  --profile         write a CPU profile of every process to benchmarks/results/profiles/
  --hurry           do not wait for the machine to be idle before each measurement
  --list            list scenarios and peers
  --help`

const OPTIONS = {
  scenario: { type: 'string' },
  cell: { type: 'string', default: '' },
  peers: { type: 'string' },
  'without-us': { type: 'boolean', default: false },
  repeats: { type: 'string' },
  quick: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  profile: { type: 'boolean', default: false },
  hurry: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
}

/** The options of a run from the command line; throws with a text for the user on misuse. */
export function parseOptions(commandLine, { scenarios, peers }) {
  const { values, positionals } = parseArgs({ args: commandLine, options: OPTIONS, allowPositionals: true })
  // `--markdown file`: the file is optional, so it arrives as the only positional.
  const [markdownFile, unexpected] = positionals
  if (unexpected !== undefined || (markdownFile !== undefined && !values.markdown)) {
    throw new Error(`Unexpected argument "${unexpected ?? markdownFile}"`)
  }
  const repeats = Number(values.repeats ?? (values.quick ? 1 : 3))
  if (!Number.isInteger(repeats) || repeats < 1)
    throw new Error(`--repeats must be a whole number ≥ 1, not "${values.repeats}"`)
  return {
    ...values,
    repeats,
    markdownFile,
    scenarios: pick('--scenario', values.scenario, scenarios),
    peers: values.peers === 'none' ? [] : pick('--peers', values.peers, peers),
  }
}

function pick(option, text, allowed) {
  if (text === undefined) return allowed
  const wanted = text.split(',').map((part) => part.trim())
  const unknown = wanted.find((name) => !allowed.includes(name))
  if (unknown !== undefined) throw new Error(`${option}: unknown "${unknown}"; there are: ${allowed.join(', ')}`)
  return allowed.filter((name) => wanted.includes(name))
}
