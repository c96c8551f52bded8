// The same small visit through every client: one of each call.
export function visit(client) {
  const userId = 'shop-1001'
  client.identify({ userId, traits: { email: 'ada@example.com', country: 'DE', ssn: '078-05-1120' } })
  client.track({ userId, event: 'Order Completed', timestamp: new Date('2026-11-01T10:00:00Z'), properties: { order_id: 'A-1', value: 12.5, currency: 'EUR', family: 'beans', undeclared: 'x' } })
  client.page({ userId, name: 'Home', properties: { url: 'https://halm.example/beans?email=ada%40example.com#top' } })
  client.screen({ userId, name: 'Start' })
  client.group({ userId, groupId: 'team-1' })
  client.alias({ previousId: 'anon-1001', userId })
}
