import { tryFindProgram } from '../../src/testing/find-program.js'
import { installWithApt } from '../../src/testing/install-redis.js'

const TOOLS = {
  faketime: { programs: ['faketime'], aptPackage: 'faketime', purpose: 'gives a worker a wrong wall clock' },
  spin: { programs: ['spin'], aptPackage: 'spin', purpose: 'checks the model of the protocol' },
  chromium: {
    programs: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    aptPackage: 'chromium',
    purpose: 'opens the dashboard and the site',
  },
  prometheus: {
    programs: ['prometheus'],
    aptPackage: 'prometheus',
    purpose: 'scrapes a fleet and checks the alert rules',
  },
  postgresql: {
    programs: ['pg_ctlcluster'],
    aptPackage: 'postgresql',
    purpose: 'is written to under a fence by an example',
  },
  tmux: { programs: ['tmux'], aptPackage: 'tmux', purpose: 'is the terminal that commands are recorded on' },
  python3: { programs: ['python3'], aptPackage: 'python3', purpose: 'runs the example in another language' },
} as const

/** A program that some tests need and the package itself does not. */
export type ToolName = keyof typeof TOOLS

/** Where a tool is, or why there is none: a reason to hand to `ctx.skip(reason)`. */
export type Tool = { kind: 'found'; path: string } | { kind: 'missing'; reason: string }

/**
 * Finds a tool, and where this process is root on a machine with `apt-get`, installs it first. Never throws: a test
 * that cannot have its tool is reported as skipped, with the reason.
 */
export async function ensureTool(name: ToolName, onProgress: (line: string) => void = () => {}): Promise<Tool> {
  const { programs, aptPackage, purpose } = TOOLS[name]
  const found = tryFindProgram(programs)
  if (found !== null) return { kind: 'found', path: found }
  const aptGet = tryFindProgram(['apt-get'])
  const how = `${name}, which ${purpose}, is not installed (Debian and Ubuntu: "sudo apt-get install ${aptPackage}")`
  if (aptGet === null || process.getuid?.() !== 0) return { kind: 'missing', reason: how }
  try {
    await installWithApt(aptGet, aptPackage, onProgress)
  } catch (error) {
    return { kind: 'missing', reason: `${how}: ${(error as Error).message}` }
  }
  const path = tryFindProgram(programs)
  return path === null ? { kind: 'missing', reason: `${how}, also after apt-get` } : { kind: 'found', path }
}
