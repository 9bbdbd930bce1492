import { forkChild } from './child.mjs'
import { unpackFires } from './recorder.mjs'
import { startRedisServer } from './redis-server.mjs'
import { delay } from './time.mjs'

/** The stage of one measurement: a Redis server of its own and the processes of one driver, all ended by `close()`. */
export async function openStage(driverName, { profileDirectory } = {}) {
  const server = await startRedisServer()
  const children = new Set()
  let registrar

  async function spawn(options = {}) {
    const child = await forkChild(driverName, { profileDirectory, ...options })
    children.add(child)
    return child
  }

  return {
    driverName,
    pid: server.pid,
    redis: server.redis,
    url: server.url,
    port: server.port,
    /** The process that writes schedules, kept apart from the workers. */
    async registrar() {
      registrar ??= await spawn()
      return registrar
    },
    /** Writes all schedules of `plans`; gives the milliseconds it took. */
    async register(plans) {
      return (await this.registrar()).call('register', { url: server.url, plans })
    },
    spawn,
    /** Starts a fleet: `processes` processes with `workersEach` workers each. */
    async startFleet({ processes, workersEach = 1, plans, settings }) {
      const members = await Promise.all(Array.from({ length: processes }, () => spawn()))
      const total = processes * workersEach
      const start = (child, first) =>
        child.call('start', { url: server.url, plans, settings, first, count: workersEach, total })
      await Promise.all(members.map((child, index) => start(child, index * workersEach)))
      return {
        members,
        async count() {
          const counts = await Promise.all(members.map((child) => child.call('count')))
          return counts.reduce((sum, count) => sum + count, 0)
        },
        async fires() {
          const flats = await Promise.all(members.map((child) => child.call('fires')))
          return flats.flatMap(unpackFires)
        },
        /** The starts of all members, also of killed ones; needs `settings.stream`. */
        streamed: () => [...children].flatMap((child) => child.streamed),
        /** Ends member `index` with SIGKILL and starts another in its place. */
        async replace(index) {
          await members[index].kill()
          members[index] = await spawn()
          await start(members[index], index * workersEach)
        },
        async stop() {
          const stopped = Promise.all(members.map((child) => child.call('stop').catch(() => {})))
          await Promise.race([stopped, delay(8000)])
          await Promise.all(members.map((child) => child.exit()))
        },
      }
    },
    async close() {
      await Promise.all([...children].map((child) => child.exit()))
      await server.stop()
    },
  }
}
