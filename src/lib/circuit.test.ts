import { describe, expect, it } from 'vitest'
import { createCircuit } from './circuit.ts'

describe('createCircuit', () => {
  function open() {
    const clock = { ms: 0 }
    const circuit = createCircuit({
      failures: 3,
      baseMs: 100,
      maxMs: 250,
      now: () => clock.ms,
      random: () => 1,
    })
    return { clock, circuit }
  }

  it('lets everything through until so many have failed in a row', () => {
    const { circuit } = open()
    for (let n = 0; n < 2; n++) circuit.failed()
    circuit.succeeded()
    for (let n = 0; n < 2; n++) circuit.failed()
    expect([circuit.room(5), circuit.isOpen]).toEqual([Number.POSITIVE_INFINITY, false])
    circuit.failed()
    expect([circuit.room(0), circuit.isOpen]).toEqual([0, true])
  })

  it('then lets one trial through at a time, at growing distances', () => {
    const { clock, circuit } = open()
    for (let n = 0; n < 3; n++) circuit.failed()
    for (const waitMs of [100, 200, 250, 250]) {
      clock.ms += waitMs - 1
      expect(circuit.room(0)).toBe(0)
      clock.ms += 1
      expect([circuit.room(0), circuit.room(1)]).toEqual([1, 0])
      circuit.failed()
    }
    circuit.succeeded()
    clock.ms += 250
    expect([circuit.room(9), circuit.isOpen]).toEqual([Number.POSITIVE_INFINITY, false])
  })

  it('waits as long as the peer asks', () => {
    const { clock, circuit } = open()
    circuit.pause(1000)
    clock.ms = 999
    expect([circuit.room(0), circuit.isOpen]).toEqual([0, true])
    clock.ms = 1000
    expect([circuit.room(0), circuit.isOpen]).toEqual([Number.POSITIVE_INFINITY, false])
  })
})
