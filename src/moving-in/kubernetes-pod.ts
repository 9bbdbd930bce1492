import { asRecord, isRecord, textOf, type JsonRecord } from './records.js'
import { carriesSecret, noteWithheld, withholdSecrets } from './secrets.js'

/** The command of a CronJob's pod as a payload, and the fields of the pod without a counterpart here. */
export interface PodPayload {
  payload: JsonRecord
  notes: string[]
}

/** The first container's image, command, arguments and plain variables. Secrets and references are named, not copied. */
export function readPod(jobSpec: JsonRecord): PodPayload {
  const pod = asRecord(asRecord(jobSpec.template ?? {}, 'jobTemplate.spec.template').spec ?? {}, 'the pod spec')
  const containers = Array.isArray(pod.containers) ? pod.containers.filter(isRecord) : []
  const [container] = containers
  const notes: string[] = []
  if (container === undefined)
    return { payload: {}, notes: ['the CronJob names no container, so the payload is empty'] }
  if (containers.length > 1) notes.push(`only the first of ${containers.length} containers is in the payload`)
  if (Array.isArray(pod.initContainers) && pod.initContainers.length > 0)
    notes.push('initContainers have no counterpart')
  for (const field of ['volumes', 'serviceAccountName', 'nodeSelector'] as const) {
    if (pod[field] !== undefined)
      notes.push(`${field} of the pod has no counterpart: the worker runs the task in its own process`)
  }
  const { env, notes: envNotes } = readEnvironment(container)
  const image = textOf(container, 'image')
  const payload = {
    ...(image !== undefined && { image }),
    ...(Array.isArray(container.command) && { command: container.command as unknown }),
    ...(Array.isArray(container.args) && { args: container.args as unknown }),
    ...(Object.keys(env).length > 0 && { env }),
  }
  const line = [container.command, container.args]
    .flat()
    .filter((word) => typeof word === 'string')
    .join(' ')
  if (carriesSecret(line))
    notes.push(
      'the command seems to carry a credential, and payloads are readable: move it into the environment of the workers',
    )
  return { payload, notes: [...notes, ...envNotes] }
}

function readEnvironment(container: JsonRecord): { env: Record<string, string>; notes: string[] } {
  const entries = Array.isArray(container.env) ? container.env.filter(isRecord) : []
  const variables: Record<string, string> = {}
  const references: string[] = []
  for (const entry of entries) {
    const name = String(entry.name)
    if (entry.valueFrom !== undefined) references.push(name)
    else variables[name] = String((entry.value as string | undefined) ?? '')
  }
  const { env, withheld } = withholdSecrets(variables)
  const notes = noteWithheld(withheld)
  if (references.length > 0)
    notes.push(`taken from secrets, config maps or fields, so not copied: ${references.join(', ')}`)
  if (container.envFrom !== undefined)
    notes.push('envFrom is not copied: set its variables in the environment of the workers')
  return { env, notes }
}
