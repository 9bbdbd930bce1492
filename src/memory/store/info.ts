import type { Host } from '../commands/command.js'
import { MEMORY_REDIS_VERSION } from '../commands/server.js'

type Facts = Record<string, string | number>

const SECTIONS: Record<string, (host: Host) => Facts> = {
  server: (host) => ({
    redis_version: MEMORY_REDIS_VERSION,
    redis_mode: 'standalone',
    // The field shows people that the server is the memory store.
    os: 'Everybeat memory store',
    arch_bits: 64,
    process_id: process.pid,
    run_id: host.runId,
    tcp_port: 0,
    uptime_in_seconds: Math.floor((host.now() - host.startedAt) / 1000),
    hz: 10,
  }),
  clients: (host) => ({
    connected_clients: host.sessions.size,
    blocked_clients: 0,
    maxclients: Number(host.settings.get('maxclients')),
  }),
  memory: (host) => ({
    used_memory: process.memoryUsage().heapUsed,
    maxmemory: Number(host.settings.get('maxmemory')),
    maxmemory_policy: host.settings.get('maxmemory-policy') ?? 'noeviction',
  }),
  persistence: () => ({
    loading: 0,
    async_loading: 0,
    rdb_changes_since_last_save: 0,
    rdb_bgsave_in_progress: 0,
    rdb_last_bgsave_status: 'ok',
    aof_enabled: 0,
    aof_last_write_status: 'ok',
  }),
  stats: (host) => ({
    total_commands_processed: host.commandCount,
    total_connections_received: Math.max(0, ...host.sessions.keys()),
  }),
  replication: (host) => ({
    role: 'master',
    connected_slaves: 0,
    master_replid: host.runId,
    master_repl_offset: 0,
  }),
  commandstats: (host) =>
    Object.fromEntries(
      [...host.stats].map(([name, { calls, failed }]) => [
        `cmdstat_${name}`,
        `calls=${calls},usec=0,usec_per_call=0.00,rejected_calls=0,failed_calls=${failed}`,
      ]),
    ),
  cluster: () => ({ cluster_enabled: 0 }),
  keyspace: (host) =>
    Object.fromEntries(
      [...host.databases.values()]
        .filter((db) => db.size > 0)
        .map((db) => [`db${db.index}`, `keys=${db.size},expires=${db.mortalCount},avg_ttl=0`]),
    ),
}

const DEFAULT = Object.keys(SECTIONS).filter((name) => name !== 'commandstats')

/** The text of `INFO`, of one section or of the default sections. */
export function describeServer(host: Host, section: string): string {
  const names = ['all', 'everything'].includes(section)
    ? Object.keys(SECTIONS)
    : section === 'default'
      ? DEFAULT
      : [section]
  const parts = names.flatMap((name) => {
    const facts = SECTIONS[name]?.(host)
    if (!facts) return []
    const lines = Object.entries(facts).map(([fact, value]) => `${fact}:${value}\r\n`)
    return [`# ${name[0]!.toUpperCase()}${name.slice(1)}\r\n${lines.join('')}`]
  })
  return parts.join('\r\n')
}
