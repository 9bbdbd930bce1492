import { expect, it } from 'vitest'
import { aclRules } from '../../src/index.js'
import { readPages } from '../support/markdown.js'

it('docs/reference/keys.md has the rights of a user as the code gives them', () => {
  const page = readPages().find(({ path }) => path === 'docs/reference/keys.md')
  const blocks = page?.sections.flatMap(({ codeBlocks }) => codeBlocks.map(({ code }) => code.trim()))
  expect(blocks).toContain(`ACL SETUSER shop on ${aclRules('shop').join(' ')}`)
})
