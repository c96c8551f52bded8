import RudderAnalytics from '@rudderstack/rudder-sdk-node'
import { visit } from './calls.mjs'
const Client = RudderAnalytics.default ?? RudderAnalytics
const client = new Client(process.env.WRITE_KEY, { dataPlaneUrl: process.env.HOST, flushAt: 20, retryCount: 0 })
visit(client)
client.flush((err) => { if (err) { console.error(err.message ?? err); process.exitCode = 1 } })
