/** What the worker shows in place of a page that it refuses: text, under a policy that lets nothing run. */
import { pageWords } from '../words/page-words.ts'
import type { AcceptedPages, PageRefusal } from './standing.ts'

const style = `
:root { color-scheme: light dark }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; padding: 24px; box-sizing: border-box;
  font: 1.0625rem/1.5 system-ui, sans-serif; background: #f6f4ee; color: #17211f }
main { max-width: 38rem; padding: 28px; border-radius: 14px; border: 1px solid #dcd7ca; border-left: 6px solid #97291a; background: #fffdf9 }
h1 { margin: 0 0 12px; font-size: 1.6rem; line-height: 1.2; text-wrap: balance }
p { margin: 0 0 12px } code { overflow-wrap: anywhere }
a { display: inline-block; margin-top: 8px; padding: 12px 20px; border-radius: 9px; background: #0d524c; color: #fffdf9; font-weight: 640; text-decoration: none }
@media (prefers-color-scheme: dark) {
  body { background: #101715; color: #e8ece9 } main { background: #18211f; border-color: #2b3734; border-left-color: #ff9d8b }
  a { background: #86d3c5; color: #08211d }
}`

/** `refused.part` comes from an accepted manifest or from our own codes: letters, digits and marks that mean nothing in HTML. */
export async function refusalPage(
  refused: PageRefusal,
  { member, height }: AcceptedPages,
  languages: readonly string[],
): Promise<Response> {
  const language = languages.find((each) => /^(?:en|es)\b/.test(each))?.startsWith('es') ? 'es' : 'en'
  const words = pageWords[language]
  const isOffline = refused.type === 'unreachable'
  const title = isOffline ? words.offlineTitle : words.refusedTitle
  const says = isOffline ? words.offlineSays : words.reasons[refused.type]
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title><style>${style}</style><main><h1>${title}</h1><p>${says}</p>${refused.part === '' ? '' : `<p><code>${refused.part}</code></p>`}<p>${words.keptFrom(member, height)}</p><p>${isOffline ? '' : words.beginAnew}</p><a href="/">${words.again}</a></main></html>`
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style)))
  const hash = btoa(String.fromCharCode(...digest))
  return new Response(html, {
    status: 503,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'`,
    },
  })
}
