/** @type {import('next').NextConfig} */
export default {
  // Loaded by Node.js itself and not bundled: it opens connections and lives as long as the process.
  serverExternalPackages: ['everybeat', 'ioredis'],
}
