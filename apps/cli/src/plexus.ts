#!/usr/bin/env node
/**
 * Where `plexus` begins. What Node compiles is kept beside the installed modules, for this process and those that it starts:
 * the next command begins in half the time. Where that folder cannot be written, nothing is kept.
 */
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

const kept = fileURLToPath(new URL('../../../node_modules/.cache/compile', import.meta.url))
process.env['NODE_COMPILE_CACHE'] ??= kept
enableCompileCache(process.env['NODE_COMPILE_CACHE'])
await import('./main.ts')
