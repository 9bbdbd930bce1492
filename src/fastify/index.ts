export { everybeat, everybeat as default } from './plugin.js'
export type { EverybeatPluginOptions } from './plugin.js'
