import { renderMermaidSVG } from 'beautiful-mermaid'
import type { MarkdownRenderer } from 'vitepress'

/** Colours of the page, so that a diagram follows its dark and its light theme. */
const COLORS = { bg: 'var(--vp-c-bg)', fg: 'var(--vp-c-text-1)', transparent: true }

/** Draws each `mermaid` block as an SVG while the site is built; the page needs no script and no font for it. */
export function drawDiagrams(markdown: MarkdownRenderer): void {
  const fence = markdown.renderer.rules.fence!
  markdown.renderer.rules.fence = (tokens, index, ...rest) => {
    const token = tokens[index]!
    if (token.info.trim() !== 'mermaid') return fence(tokens, index, ...rest)
    // The library names a web font; the page has its own.
    const svg = renderMermaidSVG(token.content, COLORS).replace(/@import[^;]*;/g, '')
    return `<figure class="diagram" v-pre tabindex="0" role="group" aria-label="Diagram">${svg}</figure>`
  }
}
