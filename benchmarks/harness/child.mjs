import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const WORKER_PROCESS = fileURLToPath(new URL('./worker-process.mjs', import.meta.url))
const running = new Set()

// However the harness ends, it ends its processes.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Forks one process for `driverName` and gives a way to call its methods. */
export async function forkChild(driverName, { profileDirectory, exposeGc = false } = {}) {
  // V8 compacts the heap of a process once, some ten or twenty seconds after its start: 20 to 35 ms that fall into the window
  // of one measurement and not of the next.
  const execArgv = ['--no-memory-reducer']
  if (profileDirectory) execArgv.push('--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${profileDirectory}`)
  if (exposeGc) execArgv.push('--expose-gc')
  const child = fork(WORKER_PROCESS, [driverName], {
    execArgv,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, TZ: 'UTC', NODE_ENV: 'production' },
  })
  running.add(child)
  let errorOutput = ''
  child.stderr.on('data', (chunk) => {
    errorOutput = (errorOutput + chunk).slice(-4000)
  })
  const waiting = new Map()
  const streamed = []
  let calls = 0
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      running.delete(child)
      const error = new Error(`${driverName} process ${child.pid} ended (${signal ?? code}) ${errorOutput}`)
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
      resolve()
    })
  })
  await new Promise((resolve, reject) => {
    waiting.set('ready', { resolve, reject })
    child.on('message', (message) => {
      if (message.fire) streamed.push(message.fire)
      else settle(message.ready ? 'ready' : message.call, message)
    })
  })
  function settle(key, { value, error }) {
    const entry = waiting.get(key)
    waiting.delete(key)
    if (error) entry?.reject(new Error(error))
    else entry?.resolve(value)
  }
  return {
    pid: child.pid,
    /** The starts that arrived so far, where `settings.stream` asks for it. */
    streamed,
    /** Calls a method of `worker-process.mjs`; rejects if the process ends first. */
    call(method, parameters) {
      if (child.exitCode !== null || child.signalCode !== null) {
        return Promise.reject(new Error(`${driverName} process ${child.pid} has ended ${errorOutput}`))
      }
      calls += 1
      const call = calls
      return new Promise((resolve, reject) => {
        waiting.set(call, { resolve, reject })
        child.send({ call, method, parameters })
      })
    },
    /** Ends the process in its own way, and by force after `graceMs`. */
    async exit(graceMs = 3000) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
      this.call('exit').catch(() => {})
      await exited
      clearTimeout(timer)
    },
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}
