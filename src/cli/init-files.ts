/** The choices that `init` makes from the project and from its options. */
export interface InitChoices {
  /** Name of the project: prefix of the keys, and name of the service. */
  readonly name: string
  readonly language: 'javascript' | 'typescript'
  readonly service: 'systemd' | 'kubernetes'
  /** Absolute path of the project. */
  readonly folder: string
}

/** The files of a first worker, by their paths; the worker is the first one. */
export function initFiles(choices: InitChoices): Record<string, string> {
  const { name, language, service } = choices
  const worker = language === 'typescript' ? 'worker.ts' : 'worker.mjs'
  return {
    [worker]: language === 'typescript' ? workerInTypeScript() : workerInJavaScript(),
    'everybeat.config.json': `${JSON.stringify({ prefix: name }, null, 2)}\n`,
    'compose.yaml': composeFile(),
    ...(service === 'kubernetes'
      ? { [`k8s/${name}-worker.yaml`]: kubernetesManifest(name, worker) }
      : { [`${name}-worker.service`]: systemdUnit(choices, worker) }),
  }
}

const HANDLER = `  const hello = beat.task('hello', async (run) => {
    console.log(\`hello, \${run.payload.name}: \${run.scheduledAt.toISOString()}\`)
  })
  await hello.schedule('hello-every-5s', { every: '5s', payload: { name: 'world' } })
}
`

function workerInJavaScript(): string {
  return `// everybeat worker worker.mjs
/** @param {import('everybeat').Everybeat} beat */
export default async function setUp(beat) {
${HANDLER}`
}

function workerInTypeScript(): string {
  const typed = HANDLER.replace("beat.task('hello'", "beat.task<{ name: string }>('hello'")
  return `// everybeat worker worker.ts
import type { Everybeat } from 'everybeat'

export default async function setUp(beat: Everybeat): Promise<void> {
${typed}`
}

function composeFile(): string {
  return `services:
  redis:
    image: redis:7
    # Schedules are data: keep them over restarts, and never evict them.
    command: redis-server --appendonly yes --maxmemory-policy noeviction
    ports: ['127.0.0.1:6379:6379']
    volumes: ['redis:/data']
volumes:
  redis:
`
}

function systemdUnit({ name, folder }: InitChoices, worker: string): string {
  return `# Copy to /etc/systemd/system/${name}-worker.service, then: systemctl enable --now ${name}-worker
[Unit]
Description=Everybeat worker of ${name}
After=network-online.target
Wants=network-online.target

[Service]
WorkingDirectory=${folder}
# The command itself and not npx, which would keep SIGTERM from the worker.
ExecStart=${folder}/node_modules/.bin/everybeat worker ${worker} --timeout 30s
Environment=EVERYBEAT_REDIS_URL=redis://127.0.0.1:6379
# Runs have 30 s to finish after SIGTERM.
KillMode=mixed
TimeoutStopSec=45
Restart=always

[Install]
WantedBy=multi-user.target
`
}

function kubernetesManifest(name: string, worker: string): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}-worker
spec:
  # Every worker is the beat: scale freely.
  replicas: 2
  selector:
    matchLabels: { app: ${name}-worker }
  template:
    metadata:
      labels: { app: ${name}-worker }
    spec:
      # Runs have 30 s to finish after SIGTERM.
      terminationGracePeriodSeconds: 45
      containers:
        - name: worker
          image: ${name}:latest
          # The command itself and not npx, which would keep SIGTERM from the worker.
          command: ['node_modules/.bin/everybeat', 'worker', '${worker}', '--timeout', '30s']
          env:
            - name: EVERYBEAT_REDIS_URL
              value: redis://redis:6379
`
}
