import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A Prometheus server that scrapes each second. */
export interface PrometheusServer extends AsyncDisposable {
  /** Asks its HTTP API, such as `query?query=up`, and gives the `data` of its answer; rejects for an error. */
  api<Data>(path: string): Promise<Data>
}

/**
 * Starts the `prometheus` at this path on the loopback, on a port that it chooses itself.
 *
 * @param targets what it scrapes: `host:port`
 * @param ruleFile alert rules that it loads
 */
export async function startPrometheus(
  path: string,
  targets: readonly string[],
  ruleFile: string,
): Promise<PrometheusServer> {
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-prometheus-'))
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: [ruleFile],
    scrape_configs: [{ job_name: 'everybeat', static_configs: [{ targets }] }],
  }
  // JSON is YAML too.
  writeFileSync(join(dir, 'prometheus.yml'), JSON.stringify(config))
  const options = [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'data')}`]
  const child = spawn(path, [...options, '--web.listen-address=127.0.0.1:0'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'close')
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  const lines: string[] = []
  const address = await new Promise<string | null>((resolve) => {
    createInterface(child.stderr).on('line', (line) => {
      lines.push(line)
      const found = /msg="?Listening on"? address=(127\.0\.0\.1:[1-9]\d*)/.exec(line)?.[1]
      if (found !== undefined) resolve(found)
    })
    void ended.then(() => resolve(null))
  })
  if (address === null) throw new Error(`prometheus ended:\n${lines.slice(-10).join('\n')}`)
  return {
    async api<Data>(route: string): Promise<Data> {
      const response = await fetch(`http://${address}/api/v1/${route}`)
      const body = (await response.json()) as { status: string; data: Data; error?: string }
      if (body.status !== 'success') throw new Error(`${route}: ${body.error}`)
      return body.data
    },
    [Symbol.asyncDispose]: stop,
  }
}
