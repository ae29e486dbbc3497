/** The web application over HTTP: static files under strict headers, so that what is shown cannot become what is run. */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import type { PageFile } from '../pages.ts'

/**
 * Content Security Policy Level 3 and Trusted Types: scripts and styles are files of this origin, nothing is fetched from
 * or sent to another one, and no text becomes HTML or code. Styles that scripts set on an element are no inline styles
 * (CSP3 §8.3). `wasm`, `eval`, frames, plug-ins and forms have no use here.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types plexus-worker',
].join('; ')

const headers: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), publickey-credentials-get=(self)',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

const entrance = 'index.html'
const worker = 'worker.js'

/** Each file under its own path; the page itself at the root as well. Routes of the pages are the application's own affair. */
export function servePages(app: FastifyInstance, files: readonly PageFile[]): void {
  for (const file of files) {
    serve(app, `/${file.path}`, file)
    if (file.path === entrance) serve(app, '/', file)
  }
}

function serve(app: FastifyInstance, url: string, { path, bytes, brotli, contentType, immutable }: PageFile): void {
  const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`
  app.get(url, { schema: { hide: true } as object }, async (request, reply) => {
    reply
      .headers(headers)
      .header('etag', tag)
      .header('vary', 'accept-encoding')
      .header('cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache')
    if (path === worker) reply.header('service-worker-allowed', '/')
    if (request.headers['if-none-match'] === tag) return reply.code(304).send()
    const compressed = brotli && /\bbr\b/.test(request.headers['accept-encoding'] ?? '') ? brotli : null
    if (compressed) reply.header('content-encoding', 'br')
    return reply.type(contentType).send(Buffer.from(compressed ?? bytes))
  })
}
