export { everybeat, everybeat as default } from './plugin.js'
export type { EverybeatPluginOptions, FastifyDashboardOptions } from './plugin.js'
