import { Analytics } from '@segment/analytics-node'
import { visit } from './calls.mjs'
const client = new Analytics({ writeKey: process.env.WRITE_KEY, host: process.env.HOST, flushAt: 6, maxRetries: 1 })
client.on('error', (err) => { console.error(err.code, err.reason?.message ?? err.reason); process.exitCode = 1 })
visit(client)
await client.closeAndFlush({ timeout: 10000 })
