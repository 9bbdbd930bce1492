import { EverybeatError, type EverybeatOptions } from '../index.js'
import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency } from './nest.js'

/** The token of the instance; `@InjectEverybeat()` injects it, and so does the class `Everybeat` as a parameter type. */
export const EVERYBEAT = 'EVERYBEAT'

/** The token of the options that the module was given, once a factory has made them. */
export const EVERYBEAT_MODULE_OPTIONS = 'EVERYBEAT_MODULE_OPTIONS'

/** The options of `EverybeatModule.forRoot`: those of an instance, and those of the module. */
export interface EverybeatModuleOptions extends EverybeatOptions {
  /**
   * `nest`: the decorators of `@nestjs/schedule` (`@Cron`, `@Interval`, `@Timeout`) are read too, and their methods
   * run once in the fleet. `own`: only the decorators of this package are read, and the module of `@nestjs/schedule`
   * may be loaded for methods that run in every process. Default: as `own`, and the application does not start when the
   * module of `@nestjs/schedule` is loaded, because no option says yet which module runs its methods.
   */
  schedules?: 'nest' | 'own' | undefined
  /** Time for which runs may continue when the application shuts down, in milliseconds; default 30 000. */
  stopTimeoutMs?: number | undefined
}

/** What `EverybeatModule.forRoot` takes when the options need other providers, a configuration service for example. */
export interface EverybeatFactory<Parameters extends unknown[] = never[]> {
  /** Modules whose providers the factory needs. */
  imports?: ModuleMetadata['imports']
  /** Providers that `useFactory` gets, in order. */
  inject?: (InjectionToken | OptionalFactoryDependency)[]
  /** Makes the options; a rejection refuses the start of the application. */
  useFactory: (...parameters: Parameters) => EverybeatModuleOptions | Promise<EverybeatModuleOptions>
}

/**
 * Checks the options of the module; those of the instance are checked by `new Everybeat`.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function splitOptions(given: EverybeatModuleOptions): {
  schedules: 'nest' | 'own' | undefined
  stopTimeoutMs: number
  instance: EverybeatOptions
} {
  if (typeof given !== 'object' || given === null) {
    throw refuse('options', given, 'an object of options, or { useFactory }')
  }
  const { schedules, stopTimeoutMs = 30_000, ...instance } = given
  if (schedules !== undefined && schedules !== 'nest' && schedules !== 'own') {
    throw refuse('schedules', schedules, "'nest' or 'own'")
  }
  if (!Number.isSafeInteger(stopTimeoutMs) || stopTimeoutMs < 0 || stopTimeoutMs > 2 ** 31 - 1) {
    throw refuse('stopTimeoutMs', stopTimeoutMs, 'whole milliseconds from 0')
  }
  return { schedules, stopTimeoutMs, instance }
}

function refuse(field: string, value: unknown, allowed: string): EverybeatError {
  const message = `${field}: ${JSON.stringify(value) ?? String(value)}; allowed: ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field, value })
}
