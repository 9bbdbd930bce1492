import tseslint from 'typescript-eslint'

/** Files with a function above 50 lines, to be cut; no file joins this list. */
const LONG_FUNCTIONS = ['src/redis/lease/lease-thread.ts']
/** Files with a function of more than four parameters, to be given one named object; no file joins this list. */
const MANY_PARAMETERS = ['src/redis/scripts/run-script.ts']

export default tseslint.config(
  {
    ignores: [
      'dist',
      'node_modules',
      'src/redis/scripts/generated.ts',
      'benchmarks/node_modules',
      'benchmarks/results',
      'docs/.vitepress/dist',
      'docs/.vitepress/cache',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: LONG_FUNCTIONS,
    rules: { 'max-lines-per-function': ['error', { max: 50, skipBlankLines: true, skipComments: true }] },
  },
  { files: ['src/**/*.{ts,tsx}'], ignores: MANY_PARAMETERS, rules: { 'max-params': ['error', 4] } },
)
