/** Dashboard, alert rules, runbooks and what the node exposes are held against each other. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'
import { startWorld, type World } from './world.testing.ts'

const docs = new URL('../../../../docs/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, docs), 'utf8')
const dashboard = read('operations/plexus.dashboard.json')
const rules = read('operations/alerts.rules.yml')
const runbooks = readdirSync(new URL('guides/runbooks/', docs)).sort()
/** What Prometheus makes of a histogram. */
const series = /_(?:bucket|sum|count)$/

const namesIn = (text: string): readonly string[] => [
  ...new Set([...text.matchAll(/\bplexus_[a-z_]+/g)].map(([name]) => name.replace(series, ''))),
]

interface Exposed {
  readonly name: string
  readonly help: string
  readonly type: string
}

let world: World
let text: string
let exposed: readonly Exposed[]

beforeAll(async () => {
  world = await startWorld()
  const answer = await world.app.inject({ method: 'GET', url: '/metrics' })
  text = answer.body
  exposed = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)].map(
    ([, name = '', help = '', type = '']) => ({
      name,
      help,
      type,
    }),
  )
})

afterAll(() => world.close())

describe('metrics', () => {
  test('say in their help in what they are counted', () => {
    expect(exposed.length).toBeGreaterThan(25)
    for (const { name, help } of exposed) {
      const unit = /_(seconds|bytes)$/.exec(name)?.[1]
      expect([name, help]).toEqual([name, expect.stringMatching(unit ? new RegExp(unit, 'i') : /number|1 while/)])
    }
  })

  test('of each member stand for every member that runs here', () => {
    for (const { name, type } of exposed) {
      const lines = text.split('\n').filter((line) => line.startsWith(`${name}{member="`))
      const members = new Set(lines.map((line) => /member="([^"]+)"/.exec(line)?.[1]))
      if (type === 'gauge' && lines.length > 0) expect([name, members.size]).toEqual([name, world.network.nodes.size])
    }
    expect(text).toMatch(/^plexus_backup_age_seconds\{member="hospital"\} \d/m)
    expect(text).toMatch(/^plexus_vault_records\{member="hospital"\} 2$/m)
    expect(text).toMatch(/^plexus_disk_free_bytes\{member="hospital"\} [1-9]/m)
    expect(text).toMatch(/^plexus_durable_write_seconds_count\{.*write="ledger".*\} [1-9]/m)
    expect(text).toMatch(/^plexus_submissions_total\{.*answer="applied".*\} [1-9]/m)
  })

  test('count names that code tells of, and no more of them than there is room for', async () => {
    const metrics = createMetrics()
    for (let count = 0; count < 100; count++)
      metrics.submitted('a', `refusal-${'x'.repeat(count % 30)}-${'y'.repeat(count % 7)}`, 0)
    metrics.submitted('a', 'A refusal that repeats what came: 123', 0)
    const names = [...(await metrics.registry.metrics()).matchAll(/plexus_submissions_total\{.*answer="([^"]+)"/g)]
    expect(names.length).toBeLessThanOrEqual(65)
    expect(names.map(([, name]) => name)).toContain('other')
  })
})

describe('the dashboard', () => {
  const { panels, schemaVersion } = JSON.parse(dashboard) as {
    readonly schemaVersion: number
    readonly panels: readonly {
      readonly id: number
      readonly type: string
      readonly title: string
      readonly description?: string
      readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
      readonly targets?: readonly { readonly expr: string }[]
    }[]
  }

  test('shows every metric, and none that is not there', () => {
    expect([...namesIn(dashboard)].sort()).toEqual(exposed.map(({ name }) => name).sort())
  })

  test('has panels that say what they show, each in a place of its own', () => {
    expect(schemaVersion).toBeGreaterThanOrEqual(39)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    for (const { type, title, description, targets } of panels) {
      if (type === 'row') continue
      expect([title, description?.length ?? 0]).toEqual([title, expect.toSatisfy((length: number) => length > 20)])
      expect([title, targets?.length ?? 0]).not.toEqual([title, 0])
    }
  })
})

describe('each alert', () => {
  const alerts = [...rules.matchAll(/- alert: (\w+)\n\s+expr: (.+)\n\s+for: (\w+)\n[\s\S]*?runbook: (\S+)/g)].map(
    ([, name = '', expression = '', , runbook = '']) => ({ name, expression, runbook }),
  )
  const fileOf = (name: string): string => `${name.replace(/(?<!^)([A-Z])/g, '-$1').toLowerCase()}.md`

  test('has a runbook of its name, and each runbook an alert', () => {
    expect(alerts.length).toBe((rules.match(/- alert:/g) ?? []).length)
    expect(alerts.map(({ name }) => fileOf(name)).sort()).toEqual(runbooks)
    for (const { name, runbook } of alerts) expect(runbook).toBe(`docs/guides/runbooks/${fileOf(name)}`)
  })

  test('looks at metrics that are there', () => {
    const known = new Set(exposed.map(({ name }) => name))
    for (const { name, expression } of alerts) {
      expect([name, namesIn(expression).filter((metric) => !known.has(metric))]).toEqual([name, []])
      expect(namesIn(expression).length).toBeGreaterThan(0)
    }
  })

  test('tells in its runbook what it means, what the patient feels, where to look, what to do, and whom to call', () => {
    const headings = ['What it means', 'What the patient feels', 'First look', 'What to do', 'When to call others']
    for (const { name, expression } of alerts) {
      const page = read(`guides/runbooks/${fileOf(name)}`)
      expect([name, [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)]).toEqual([name, headings])
      expect(page).toContain(`Alert \`${name}\`: \`${expression.replace(/^'|'$/g, '')}\``)
      const metrics = namesIn(page).filter((metric) => !exposed.some((each) => each.name === metric))
      expect([name, metrics]).toEqual([name, []])
      for (const [, link = ''] of page.matchAll(/\]\(([^)]+)\)/g))
        expect([link, existsSync(new URL(`guides/runbooks/${link}`, docs))]).toEqual([link, true])
    }
  })
})
