import interUrl from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url'
import monoUrl from '@fontsource/jetbrains-mono/files/jetbrains-mono-latin-400-normal.woff2?url'

/**
 * Loads the typefaces from this server. The script reads them as data and gives them to the browser, since the policy of
 * the pages names no source of fonts; until then the page uses the system's typefaces.
 */
export async function loadFonts(): Promise<void> {
  const load = async (family: string, url: string, weight: string): Promise<void> => {
    const response = await fetch(url)
    if (!response.ok) return
    document.fonts.add(await new FontFace(family, await response.arrayBuffer(), { weight }).load())
  }
  await Promise.allSettled([load('Inter', interUrl, '100 900'), load('JetBrains Mono', monoUrl, '400')])
}
