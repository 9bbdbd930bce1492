export { applyDecorators, Inject, Logger, Module, SetMetadata } from '@nestjs/common'
export type { DynamicModule, InjectionToken, ModuleMetadata, OptionalFactoryDependency } from '@nestjs/common'
export {
  ContextIdFactory,
  DiscoveryModule,
  DiscoveryService,
  MetadataScanner,
  ModuleRef,
  ModulesContainer,
} from '@nestjs/core'
