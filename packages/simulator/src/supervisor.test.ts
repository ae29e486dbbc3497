import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { World } from './world.ts'

test('a start that was still due when a node dies again at that instant waits until the dead process is cleared away', async () => {
  const world = await World.of(1, tmpdir())
  try {
    const { supervisor, timeline } = world
    const [node] = [...world.nodes.values()]
    if (!node) throw new Error('a world has a node')
    world.begin()
    timeline.after(100, () => supervisor.crash(node, 500))
    supervisor.crash(node, 100)
    // It is up again at once, and the start after 100 milliseconds is still to come.
    supervisor.renew(node)
    await world.run(300)
    expect(node.isUp).toBe(false)
    await world.run(1_000)
    expect(node.isUp).toBe(true)
    expect(node.hasProcess).toBe(true)
  } finally {
    world.close()
  }
})
