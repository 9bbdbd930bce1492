import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { PROJECT_DIR } from '../../support/build.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'
import { startExample } from './example-process.js'

const redis = useRedis()
const file = join(PROJECT_DIR, 'docs/examples/kubernetes/worker.yaml')
interface Container {
  env: { name: string; value?: string }[]
  ports: { name: string; containerPort: number }[]
  livenessProbe: { httpGet: { path: string; port: string } }
  readinessProbe: { httpGet: { path: string; port: string } }
}
interface Manifest {
  kind: string
  metadata: { name: string }
  spec: {
    scaleTargetRef?: object
    template?: { spec: { terminationGracePeriodSeconds: number; containers: Container[] } }
  }
}
const manifests = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Manifest)
const pod = manifests.find(({ kind }) => kind === 'Deployment')?.spec.template?.spec
const container = pod?.containers[0] as Container
const valueOf = (name: string) => container.env.find((entry) => entry.name === name)?.value ?? ''

describe('docs/examples/kubernetes', () => {
  it('the manifests of the Kubernetes example give a pod more time than its worker needs to stop, and name the same deployment and port', () => {
    expect(Number(valueOf('STOP_TIMEOUT_MS')) + 5_000).toBeLessThan((pod?.terminationGracePeriodSeconds ?? 0) * 1000)
    expect(container.ports).toEqual([{ name: 'probes', containerPort: Number(valueOf('PROBE_PORT')) }])
    const { scaleTargetRef } = manifests.find(({ kind }) => kind === 'HorizontalPodAutoscaler')?.spec ?? {}
    expect(scaleTargetRef).toMatchObject({ kind: 'Deployment', name: manifests[0]?.metadata.name })
  })

  it('the worker of the Kubernetes example answers the probes of the manifests, stays alive without Redis, and drains on SIGTERM', async () => {
    const env = { REDIS_URL: redis.url, PREFIX: uniquePrefix('kubernetes'), PROBE_PORT: '0' }
    const worker = startExample('kubernetes/worker.mjs', { ...env, STOP_TIMEOUT_MS: valueOf('STOP_TIMEOUT_MS') })
    const [, port] = await worker.line(/port: (\d+)/)
    await worker.line(/^counted at \d{4}-/)
    const { livenessProbe, readinessProbe } = container
    const probe = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status
    expect(await probe(livenessProbe.httpGet.path)).toBe(200)
    expect(await probe(readinessProbe.httpGet.path)).toBe(200)
    void redis.kill('SIGSTOP')
    await waitFor(async () => (await probe(readinessProbe.httpGet.path)) === 503, {
      what: 'not ready',
      timeoutMs: 40_000,
    })
    expect(await probe(livenessProbe.httpGet.path)).toBe(200)
    void redis.kill('SIGCONT')
    await waitFor(async () => (await probe(readinessProbe.httpGet.path)) === 200, { what: 'ready', timeoutMs: 40_000 })
    expect(await worker.stop()).toBe(0)
  })
})
