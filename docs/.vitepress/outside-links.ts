import { posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

/** What of `docs` is a page of the site; everything else is shown by the repository. */
const IS_PAGE = /^(?!\.\.\/|examples\/|monitoring\/).*(\.md|\.png)$/

/** Points links that leave the pages (sources, benchmarks, examples) at the repository. */
export function pointOutside(markdown: MarkdownRenderer, repository: string): void {
  const open =
    markdown.renderer.rules.link_open ??
    ((tokens, index, options, _env, self) => self.renderToken(tokens, index, options))
  markdown.renderer.rules.link_open = (tokens, index, options, env: { relativePath: string }, self) => {
    const token = tokens[index]!
    const [path = '', anchor] = (token.attrGet('href') ?? '').split('#')
    if (path !== '' && !/^([a-z]+:|\/)/.test(path)) {
      const target = posix.normalize(posix.join(posix.dirname(env.relativePath), path))
      if (!IS_PAGE.test(target)) {
        const file = posix.normalize(posix.join('docs', target))
        token.attrSet('href', `${repository}/blob/main/${file}${anchor === undefined ? '' : `#${anchor}`}`)
      }
    }
    return open(tokens, index, options, env, self)
  }
}
