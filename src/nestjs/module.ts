import { Everybeat, EverybeatError, type Logger as EverybeatLogger } from '../index.js'
import { EverybeatLifecycle } from './lifecycle.js'
import {
  DiscoveryModule,
  DiscoveryService,
  Logger,
  MetadataScanner,
  Module,
  ModuleRef,
  ModulesContainer,
  type DynamicModule,
} from './nest.js'
import {
  EVERYBEAT,
  EVERYBEAT_MODULE_OPTIONS,
  splitOptions,
  type EverybeatFactory,
  type EverybeatModuleOptions,
} from './options.js'

/**
 * Everybeat in a Nest application. Import it once, in the root module: `EverybeatModule.forRoot({ redis, prefix })`. It is
 * global, starts when the application has started, and drains when the application shuts down.
 */
export class EverybeatModule {
  /**
   * The module with an instance of its own, global in the application.
   *
   * @param options of the instance and the module, or `{ useFactory, inject, imports }` that makes them
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a wrong option of the module; one of a factory refuses the start
   */
  static forRoot<Parameters extends unknown[]>(
    options: EverybeatModuleOptions | EverybeatFactory<Parameters> = {},
  ): DynamicModule {
    const factory = 'useFactory' in options ? options : null
    if (factory === null) splitOptions(options as EverybeatModuleOptions)
    else if (typeof factory.useFactory !== 'function') {
      throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', 'useFactory: allowed: a function that returns options', {
        field: 'useFactory',
        value: factory.useFactory,
      })
    }
    return {
      module: EverybeatModule,
      global: true,
      imports: [DiscoveryModule, ...(factory?.imports ?? [])],
      providers: [
        factory
          ? { provide: EVERYBEAT_MODULE_OPTIONS, useFactory: factory.useFactory, inject: factory.inject ?? [] }
          : { provide: EVERYBEAT_MODULE_OPTIONS, useValue: options },
        { provide: EVERYBEAT, useFactory: createInstance, inject: [EVERYBEAT_MODULE_OPTIONS] },
        { provide: Everybeat, useExisting: EVERYBEAT },
        {
          provide: EverybeatLifecycle,
          useFactory: createLifecycle,
          inject: [EVERYBEAT, EVERYBEAT_MODULE_OPTIONS, DiscoveryService, MetadataScanner, ModuleRef, ModulesContainer],
        },
      ],
      exports: [EVERYBEAT, Everybeat],
    }
  }
}
Module({})(EverybeatModule)

function createInstance(options: EverybeatModuleOptions): Everybeat {
  const { instance } = splitOptions(options)
  return new Everybeat({ ...instance, logger: instance.logger ?? createLogger() })
}

/** The providers that a lifecycle is made of, in the order in which Nest injects them. */
type LifecycleParts = [
  beat: Everybeat,
  options: EverybeatModuleOptions,
  discovery: DiscoveryService,
  scanner: MetadataScanner,
  moduleRef: ModuleRef,
  modules: ModulesContainer,
]

function createLifecycle(
  ...[beat, options, discovery, scanner, moduleRef, modules]: LifecycleParts
): EverybeatLifecycle {
  return new EverybeatLifecycle(beat, options, { discovery, scanner, moduleRef }, modules)
}

/** What Everybeat has to say, in the log of the application. */
function createLogger(): EverybeatLogger {
  const logger = new Logger('Everybeat')
  const withDetails = (message: string, details: unknown): unknown[] =>
    details === undefined ? [message] : [message, details]
  return {
    debug: (message, details) => logger.debug(...(withDetails(message, details) as [string])),
    info: (message, details) => logger.log(...(withDetails(message, details) as [string])),
    warn: (message, details) => logger.warn(...(withDetails(message, details) as [string])),
    error: (message, details) => logger.error(...(withDetails(message, details) as [string])),
  }
}
