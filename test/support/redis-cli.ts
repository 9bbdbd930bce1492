import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Whether this machine has redis-cli. */
export async function hasRedisCli(): Promise<boolean> {
  try {
    await promisify(execFile)('redis-cli', ['--version'])
    return true
  } catch {
    return false
  }
}
