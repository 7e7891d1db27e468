import { readEnv } from '../../src/config/env.ts'
import { hasPython } from './has-python.ts'
import { hasWebServer } from './web-server.ts'

/** Says at the end of a test run which tests had to skip, and what they need. */
export function teardown(): void {
  if (!hasPython())
    process.stderr.write(
      'Skipped: the Python samples of the integration guide and its page need python3 with requests.\n',
    )
  if (!hasPython([]))
    process.stderr.write('Skipped: verifying an export of the audit without Harrier needs python3.\n')
  if (!readEnv()['TEST_POSTGRES_URL'])
    process.stderr.write(
      'Skipped: the tests of appview-sync and of Ozone need a PostgreSQL server. Set TEST_POSTGRES_URL to the URL of one\n' +
        'on which databases may be made, by a superuser (.ci/postgres start FOLDER starts one and prints it; .ci/run does\n' +
        'so).\n',
    )
  for (const name of ['caddy', 'nginx'] as const) {
    if (!hasWebServer(name))
      process.stderr.write(
        `Skipped: the test of the gate behind ${name} needs it on the PATH (.ci/web-servers FOLDER fetches it).\n`,
      )
  }
}
