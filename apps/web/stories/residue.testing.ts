/** What is left in a browser: all that the origin keeps, and all that the page's memory holds. */
import type { Page } from 'playwright-core'

/** All that the origin keeps in this browser, as text. */
const kept = `(async () => {
  const found = [JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie]
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys())
      found.push(request.url, await (await (await caches.open(name)).match(request)).text())
  for (const { name } of await indexedDB.databases()) {
    const open = await new Promise((resolve) => { const asked = indexedDB.open(name); asked.onsuccess = () => resolve(asked.result) })
    for (const store of open.objectStoreNames)
      found.push(await new Promise((resolve) => {
        const asked = open.transaction(store).objectStore(store).getAll()
        asked.onsuccess = () => resolve(JSON.stringify(asked.result, (_, value) =>
          value instanceof Uint8Array ? new TextDecoder('latin1').decode(value) : value))
      }))
    open.close()
  }
  return found.join('\\n')
})()`

export const keptIn = (page: Page): Promise<string> => page.evaluate(kept)

/** Every object and text that the page's memory still reaches, as the browser's own profiler writes it. */
export async function heapOf(page: Page): Promise<string> {
  const tools = await page.context().newCDPSession(page)
  const parts: string[] = []
  tools.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => parts.push(chunk))
  await tools.send('HeapProfiler.enable')
  // What nothing reaches any more is not gone before it is collected; the profiler collects once more itself.
  await tools.send('HeapProfiler.collectGarbage')
  await tools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await tools.detach()
  return parts.join('')
}
