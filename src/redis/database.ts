import type { RedisClient } from './redis-client.js'

/** The number of the database of a client, also after a `SELECT` by its owner. A Cluster has only database 0. */
export function databaseOf(client: RedisClient): number {
  if (!('options' in client) || 'nodes' in client) return 0
  const { condition, options } = client as { condition?: { select?: number } | null; options?: { db?: number } }
  return condition?.select ?? options?.db ?? 0
}

/**
 * The published text of a message. Channels are shared by all databases, so each message of a database other than 0
 * begins with `db<n> `. It separates fleets with the same prefix in several databases of a server.
 */
export function writeMessage(database: number, message: string): string {
  return database === 0 ? message : `db${database} ${message}`
}

/** Reads a published text; null for a message of another database. */
export function readMessage(database: number, message: string): string | null {
  const mark = /^db(\d+) /.exec(message)
  if (Number(mark?.[1] ?? 0) !== database) return null
  return mark ? message.slice(mark[0].length) : message
}
