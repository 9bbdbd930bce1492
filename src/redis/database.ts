import type { RedisClient } from './redis-client.js'

/** The number of the database that a client works in: also after a `SELECT` of its owner. A Cluster has database 0 alone. */
export function databaseOf(client: RedisClient): number {
  if (!('options' in client) || 'nodes' in client) return 0
  const { condition, options } = client as { condition?: { select?: number } | null; options?: { db?: number } }
  return condition?.select ?? options?.db ?? 0
}

/**
 * A message to the fleet as it is published. Channels know no databases: every message of another database than 0 begins
 * with `db<n> `, so that fleets of one prefix in several databases of a server do not hear each other.
 */
export function writeMessage(database: number, message: string): string {
  return database === 0 ? message : `db${database} ${message}`
}

/** Reads a message; null for one of another database. */
export function readMessage(database: number, message: string): string | null {
  const mark = /^db(\d+) /.exec(message)
  if (Number(mark?.[1] ?? 0) !== database) return null
  return mark ? message.slice(mark[0].length) : message
}
