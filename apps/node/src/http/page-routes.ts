/** The web application over HTTP: static files under strict headers, and what shows that a member committed to them. */
import { createHash } from 'node:crypto'
import { sha256 } from '@plexus/crypto'
import { pageHeaders } from '@plexus/sdk'
import type { FastifyInstance } from 'fastify'
import type { Network } from '../network.ts'
import type { PageFile, Pages } from '../pages.ts'

const entrance = 'index.html'
const worker = 'worker.js'
const octets = 'application/octet-stream'
/** A commitment takes a block or two. */
const retryAfterSeconds = 1

/** Pages belong to the first member of the process: it commits to what it serves. Who recovers from a restore does so later. */
export async function publishPages(app: FastifyInstance, network: Network, pages: Pages): Promise<void> {
  const [node] = network.nodes.values()
  if (node && !node.recovery?.shut) await node.exchange.run((exchange) => exchange.pages.publish(pages.manifest))
  servePages(app, pages, (bundle) => node?.exchange.pages.proof(bundle))
}

/**
 * Each file under its own path; the page itself at the root as well. Routes of the pages are the application's own affair.
 * `/bundle.cbor` is the manifest, `/bundle.proof` the statement that a member committed to it, with all that shows it.
 */
export function servePages(
  app: FastifyInstance,
  { manifest, files }: Pages,
  proofOf: (bundle: Uint8Array) => Uint8Array | undefined,
): void {
  for (const file of files) {
    serve(app, `/${file.path}`, file)
    if (file.path === entrance) serve(app, '/', file)
  }
  const hidden = { schema: { hide: true } as object }
  app.get('/bundle.cbor', hidden, async (_, reply) =>
    reply.headers(pageHeaders).header('cache-control', 'no-cache').type(octets).send(Buffer.from(manifest)),
  )
  const bundle = sha256(manifest)
  app.get('/bundle.proof', hidden, async (_, reply) => {
    reply.headers(pageHeaders).header('cache-control', 'no-store')
    const proof = proofOf(bundle)
    if (!proof) return reply.code(503).header('retry-after', String(retryAfterSeconds)).send()
    return reply.type(octets).send(Buffer.from(proof))
  })
}

function serve(app: FastifyInstance, url: string, { path, bytes, brotli, contentType, immutable }: PageFile): void {
  const tag = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`
  app.get(url, { schema: { hide: true } as object }, async (request, reply) => {
    reply
      .headers(pageHeaders)
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
