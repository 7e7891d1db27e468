/**
 * Appends to the audit of a database as a process of its own: `path`, `name`, `transactions` of three rows each, and the
 * transaction between whose rows it dies by SIGKILL, or 0. Every seventh transaction is rolled back, and of those that share a
 * commit every fifth fails.
 */
import { openSqlite } from '../../src/store/sqlite.ts'

const [path = '', name = '', count = '0', dieIn = '0'] = process.argv.slice(2)
await using database = await openSqlite({ path })
const entry = (subject: string) => ({
  at: new Date().toISOString(),
  actor: name,
  action: 'test',
  subject,
  details: {},
})

for (let n = 1; n <= Number(count); n++) {
  const one = database.transaction(async ({ audit }) => {
    await audit.append([entry(`${n} a`)])
    if (n === Number(dieIn)) process.kill(process.pid, 'SIGKILL')
    await audit.append([entry(`${n} b`), entry(`${n} c`)])
    if (n % 7 === 0) throw new Error('rolled back')
  })
  const shared = [1, 2, 3].map((part) =>
    database.sharedTransaction(async ({ audit }) => {
      await audit.append([entry(`${n} shared ${part}`)])
      if ((n + part) % 5 === 0) throw new Error('failed')
    }),
  )
  await Promise.allSettled([one, ...shared])
}
