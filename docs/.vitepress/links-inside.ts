import type { MarkdownRenderer } from 'vitepress'

/**
 * Links of pages that lead out of the documentation, to sources for example, become plain text: the site has no such page.
 * So do links to files whose ending VitePress takes for that of a page.
 */
const OUTSIDE = /^(\.\.\/)+(src|test|benchmarks|README\.md|LICENSE|SECURITY\.md)\b|^decisions\/$|\/?Dockerfile$|\.py$/

/** The README of a folder, which is the page of the folder. */
const FOLDER_PAGE = /(^|\/)README\.md(?=#|$)/

/** The id of a heading, as GitHub makes it: links between pages work in the repository and on the site. */
export function slugOf(heading: string): string {
  const words = heading.trim().toLowerCase()
  return words.replace(/[^\p{L}\p{N}\s_-]/gu, '').replace(/\s/g, '-')
}

/** A plugin of markdown-it for {@link OUTSIDE}, and for diagrams: a block of mermaid becomes a component that draws it. */
export function keepLinksInside(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('keep-links-inside', ({ tokens }) => {
    for (const { children } of tokens) {
      let isOutside = false
      for (const token of children ?? []) {
        if (token.type === 'link_open') {
          const href = token.attrGet('href') ?? ''
          isOutside = OUTSIDE.test(href)
          if (!isOutside) token.attrSet('href', href.replace(FOLDER_PAGE, '$1'))
        }
        if (!isOutside || (token.type !== 'link_open' && token.type !== 'link_close')) continue
        if (token.type === 'link_close') isOutside = false
        token.type = 'text'
        token.tag = ''
        token.nesting = 0
        token.content = ''
      }
    }
  })
  const fence = markdown.renderer.rules.fence
  markdown.renderer.rules.fence = (tokens, index, options, env, self) => {
    const token = tokens[index]
    const code = fence?.(tokens, index, options, env, self) ?? ''
    if (token?.info.trim() !== 'mermaid') return code
    return `<Diagram source="${encodeURIComponent(token.content)}">${code}</Diagram>`
  }
}
