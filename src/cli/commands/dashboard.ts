import { spawn } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDashboard, type Dashboard } from '../../dashboard/index.js'
import { mount } from '../../dashboard/mount/node.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { CliFailure } from '../failure.js'
import type { Session } from '../session.js'
import { nextStopSignal } from '../stop-signals.js'

interface DashboardCommandOptions {
  port: number
  host: string
  basePath: string
  token?: string
  readOnly?: boolean
  open?: boolean
}

const DEFAULT_PORT = 4747

/** `dashboard`: serves the dashboard until a signal stops it. */
export function registerDashboard(program: Command): void {
  const command = program
    .command('dashboard')
    .description('serve the dashboard: see and steer the fleet in a browser')
    .option('--port <number>', 'port to listen on; 0 takes a free one', wholeNumber(0), DEFAULT_PORT)
    .option('--host <address>', 'address to listen on; other than the loopback needs a token', '127.0.0.1')
    .option('--base-path <path>', 'path that the dashboard is served below', '/')
    .option('--token <token>', 'token with which users sign in (default: $EVERYBEAT_DASHBOARD_TOKEN, else none)')
    .option('--read-only', 'refuse every change')
    .option('--open', 'open the dashboard in the browser')
  setAction<DashboardCommandOptions, []>(command, async (session, options) => {
    const token = options.token ?? (process.env['EVERYBEAT_DASHBOARD_TOKEN'] || undefined)
    if (token === undefined && !isLoopback(options.host)) {
      throw new CliFailure(
        'ERR_CLI_USAGE',
        `--host ${options.host} lets other machines connect: give --token or EVERYBEAT_DASHBOARD_TOKEN, or listen on 127.0.0.1`,
      )
    }
    const stopped = nextStopSignal()
    await session.withBeat(async (beat) => {
      // This call reports a mistyped address of Redis on the command line, before a browser meets it.
      await beat.schedules.count()
      const dashboard = createDashboard(beat, {
        basePath: options.basePath,
        token,
        readOnly: options.readOnly ?? false,
        label: session.connection.prefix ?? 'everybeat',
      })
      const server = await listen(dashboard, options)
      announce(session, server, dashboard, { token, options })
      await stopped
      dashboard.close()
      server.close()
      server.closeAllConnections()
    })
    process.exit(0)
  })
}

/** Whether only this machine can connect to a listening address. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function listen(dashboard: Dashboard, { port, host }: DashboardCommandOptions): Promise<Server> {
  const server = createServer(mount(dashboard))
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE' ? `port ${port} is in use; give another --port, or 0 for a free one` : cause.message
      reject(new CliFailure('ERR_CLI_FAILED', `the dashboard cannot listen on ${host}: ${why}`, { cause }))
    })
    server.listen(port, host, () => resolve(server))
  })
}

function announce(
  session: Session,
  server: Server,
  dashboard: Dashboard,
  { token, options }: { token: string | undefined; options: DashboardCommandOptions },
): void {
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  const url = `http://${host}:${port}${dashboard.basePath}`
  if (session.json) {
    session.print(
      JSON.stringify({
        event: 'listening',
        url,
        port,
        readOnly: options.readOnly ?? false,
        token: token !== undefined,
      }),
    )
  } else {
    session.print(`The dashboard is at ${url}${options.readOnly ? ' (read-only)' : ''}`)
    session.note(
      token === undefined
        ? 'Only this machine can connect. Ctrl+C ends the dashboard.'
        : 'Sign in with the token. Ctrl+C ends the dashboard.',
    )
  }
  if (options.open) openBrowser(session, url)
}

function openBrowser(session: Session, url: string): void {
  const [program, ...parameters] =
    process.platform === 'darwin' ? ['open'] : process.platform === 'win32' ? ['cmd', '/c', 'start', ''] : ['xdg-open']
  const child = spawn(program!, [...parameters, url], { stdio: 'ignore', detached: true })
  child.on('error', () => session.note(`No browser could be opened; open ${url}`))
  child.unref()
}
