import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { tryFindProgram } from '../../../src/testing/find-program.js'
import { Unavailable } from './stage.js'

/** A network namespace with one cable to this machine. */
export interface NetworkLink {
  /** A command that runs another one, in its own process, behind the cable. */
  readonly launcher: readonly string[]
  /** This machine's address at its end of the cable. */
  readonly host: string
  /** Pulls the cable, or plugs it in: connections stay as they are, packets vanish. */
  setUp(isUp: boolean): Promise<void>
  close(): Promise<void>
}

const run = promisify(execFile)
const NAME = 'everybeat-'
let count = 0

/**
 * Makes a namespace with a cable.
 *
 * @throws Unavailable where this process may not: it takes root and the program `ip`
 */
export async function createNetworkLink(): Promise<NetworkLink> {
  const ip = tryFindProgram(['ip'])
  if (ip === null) throw new Unavailable('a network namespace needs the program ip (Debian and Ubuntu: iproute2)')
  if (process.getuid?.() !== 0) throw new Unavailable('a network namespace with a cable to this machine needs root')
  count += 1
  const name = `${NAME}${process.pid}-${count}`
  const cable = `eb${process.pid}v${count}`.slice(-15)
  // A range that is set aside for tests of networks; a pair of addresses at random, for others may test here too.
  const pair = Math.floor(Math.random() * 32_768) * 4
  const address = (last: number): string => `198.${18 + (pair >> 16)}.${(pair >> 8) & 255}.${(pair & 255) + last}`
  const close = async (): Promise<void> => {
    await run(ip, ['link', 'del', cable]).catch(() => {})
    await run(ip, ['netns', 'del', name]).catch(() => {})
  }
  try {
    await removeLeftovers(ip)
    await run(ip, ['netns', 'add', name])
    await run(ip, ['link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name])
    await run(ip, ['addr', 'add', `${address(1)}/30`, 'dev', cable])
    await run(ip, ['link', 'set', cable, 'up'])
    for (const args of [
      ['addr', 'add', `${address(2)}/30`, 'dev', 'eth0'],
      ['link', 'set', 'eth0', 'up'],
      ['link', 'set', 'lo', 'up'],
    ]) {
      await run(ip, ['-n', name, ...args])
    }
  } catch (error) {
    await close()
    throw new Unavailable(`this machine makes no network namespaces: ${(error as Error).message}`)
  }
  return {
    launcher: [ip, 'netns', 'exec', name],
    host: address(1),
    setUp: async (isUp) => void (await run(ip, ['link', 'set', cable, isUp ? 'up' : 'down'])),
    close,
  }
}

/** Namespaces whose owner was killed. */
async function removeLeftovers(ip: string): Promise<void> {
  const { stdout } = await run(ip, ['netns', 'list'])
  for (const [, name, pid] of stdout.matchAll(/^(everybeat-(\d+)-\d+)/gm)) {
    if (!existsSync(`/proc/${pid}`)) await run(ip, ['netns', 'del', name!]).catch(() => {})
  }
}
