import type { Run, TaskOptions } from '../index.js'
import { readMetadata, SCHEDULES_KEY, TASK_KEY, type NamedSchedule, type NamedTask } from './decorators.js'
import { ContextIdFactory, type DiscoveryService, type MetadataScanner, type ModuleRef } from './nest.js'
import { jobName, readJob, toDefinition } from './nest-jobs.js'

/** A method that the fleet runs, with its schedules. */
export interface FoundTask {
  /** `Class.method`, for messages. */
  readonly where: string
  readonly task: string
  readonly options: TaskOptions
  readonly schedules: readonly NamedSchedule[]
  readonly handler: (run: Run) => unknown
}

/** A method that each process calls once, some time after its start. */
export interface FoundTimeout {
  readonly where: string
  readonly ms: number
  readonly call: () => unknown
}

/** What of Nest the discovery looks at. */
export interface NestParts {
  readonly discovery: DiscoveryService
  readonly scanner: MetadataScanner
  readonly moduleRef: ModuleRef
}

/** A method of a provider or controller, and how to call it: on its instance, or on a fresh one for each call. */
interface FoundMethod {
  readonly where: string
  readonly method: (...parameters: unknown[]) => unknown
  readonly call: (...parameters: unknown[]) => Promise<unknown>
}

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number]

/** Finds everything that decorators ask to run, in the order of the modules; `withNest` reads those of `@nestjs/schedule` too. */
export function discover(
  parts: NestParts,
  withNest: boolean,
  localZone: string,
): { tasks: FoundTask[]; timeouts: FoundTimeout[] } {
  const tasks: FoundTask[] = []
  const timeouts: FoundTimeout[] = []
  const { discovery } = parts
  const wrappers = [...discovery.getControllers(), ...discovery.getProviders()]
  for (const { where, method, call } of wrappers.flatMap((wrapper) => methodsOf(wrapper, parts))) {
    const task = readMetadata<NamedTask>(TASK_KEY, method)
    const schedules = readMetadata<NamedSchedule[]>(SCHEDULES_KEY, method) ?? []
    if (task || schedules.length > 0) {
      tasks.push({ where, task: task?.name ?? where, options: task?.options ?? {}, schedules, handler: call })
    }
    const job = readJob(method, withNest)
    if (job === null) continue
    if (job.kind === 'timeout') timeouts.push({ where, ms: job.ms, call: () => call() })
    else {
      const name = jobName(job) ?? where
      const definition = toDefinition(job, where, localZone)
      // As @nestjs/schedule calls it: without parameters, and its result is ignored.
      const handler = async (): Promise<void> => void (await call())
      tasks.push({ where, task: name, options: {}, schedules: [{ name, definition }], handler })
    }
  }
  return { tasks, timeouts }
}

function methodsOf(wrapper: Wrapper, { scanner, moduleRef }: NestParts): FoundMethod[] {
  const isStatic = wrapper.isDependencyTreeStatic()
  const instance = wrapper.instance as Record<string, unknown> | null | undefined
  // The metatype of a factory is the factory.
  const isClass = typeof wrapper.metatype === 'function' && !wrapper.inject
  const ofClass = isClass ? ((wrapper.metatype as { prototype?: object }).prototype ?? null) : null
  const prototype = isStatic ? prototypeOf(instance) : ofClass
  if (prototype === null) return []
  const className = prototype.constructor?.name ?? String(wrapper.name)
  return scanner.getAllMethodNames(prototype).flatMap((name): FoundMethod[] => {
    const method = (prototype as Record<string, unknown>)[name] as FoundMethod['method']
    const resolve = async (): Promise<Record<string, unknown>> => {
      if (isStatic) return instance as Record<string, unknown>
      return await moduleRef.resolve(wrapper.token as never, ContextIdFactory.create(), { strict: false })
    }
    const call = async (...parameters: unknown[]) => await method.call(await resolve(), ...parameters)
    return [{ where: `${className}.${name}`, method, call }]
  })
}

function prototypeOf(instance: object | null | undefined): object | null {
  if (typeof instance !== 'object' || instance === null) return null
  return Object.getPrototypeOf(instance) as object | null
}
