import Analytics from 'analytics-node'
import { visit } from './calls.mjs'
const client = new Analytics(process.env.WRITE_KEY, { host: process.env.HOST, flushAt: 20, retryCount: 0 })
visit(client)
client.flush((err) => { if (err) { console.error(err.message ?? err); process.exitCode = 1 } })
