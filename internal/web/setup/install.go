package setup

import (
	"strings"

	"candor/internal/collect"
	"candor/internal/web"
)

// install says how a kind of SDK is set up.
type install struct{ Title, Text string }

// The kits, with places for the server, its host and the key.
var (
	browserKits = []install{
		{"Our module, without dependencies", `<script type="module">
  import {Candor, defineAsk} from "{server}/embed/candor.js"
  defineAsk()
  new Candor({server: "{server}", key: "{key}"}).track("Product Viewed", {family: "beans"})
</script>`},
		{"Analytics.js 2 (Segment, from npm)", `import { AnalyticsBrowser } from "@segment/analytics-next"
const analytics = AnalyticsBrowser.load({ writeKey: "{key}", cdnURL: "{server}" })
analytics.track("Product Viewed", { family: "beans" })`},
		{"RudderStack, in browsers", `rudderanalytics.load("{key}", "{server}", { configUrl: "{server}" })`},
		{"Try it on the command line", `curl -H 'Content-Type: application/json' -H 'Origin: https://your.shop' \
  -d '{"writeKey":"{key}","anonymousId":"try-1","event":"Product Viewed","properties":{"family":"beans"}}' \
  {server}/v1/track`},
	}
	serverKits = []install{
		{"curl, to try it", `curl -u {key}: -H 'Content-Type: application/json' \
  -d '{"userId":"1234","event":"Order Completed","properties":{"order_id":"A-1","value":20,"currency":"EUR"}}' \
  {server}/v1/track`},
		{"Node (@segment/analytics-node)", `import { Analytics } from "@segment/analytics-node"
const analytics = new Analytics({ writeKey: "{key}", host: "{server}" })`},
		{"Node (RudderStack)", `import RudderAnalytics from "@rudderstack/rudder-sdk-node"
const client = new RudderAnalytics("{key}", { dataPlaneUrl: "{server}" })`},
		{"Python", `import segment.analytics as analytics
analytics.write_key = "{key}"
analytics.host = "{server}"`},
		{"Ruby", `Analytics = Segment::Analytics.new(write_key: "{key}", host: "{host}")`},
		{"PHP", `Segment::init("{key}", ["host" => "{host}"]);`},
		{"Go", `client, err := analytics.NewWithConfig("{key}", analytics.Config{Endpoint: "{server}"})`},
		{"Java", `Analytics analytics = Analytics.builder("{key}").endpoint("{server}").build();`},
	}
	shopKits = map[collect.Class][]install{
		collect.Shopify: {{"Webhooks of Shopify", `Address:  {server}/hooks/{source}
Format:   JSON
Topics:   orders/create, orders/paid, orders/updated, customers/create, customers/update,
          customers_email_marketing_consent/update, customers/redact, customers/data_request, shop/redact
Secret:   {key}`}},
		collect.WooCommerce: {{"Webhooks of WooCommerce", `Delivery URL:  {server}/hooks/{source}
Topics:        order.created, order.updated, customer.created, customer.updated
Secret:        {key}
API version:   WP REST API v3`}},
	}
)

// installs says how to send from the usual kits.
func (r *room) installs(s collect.Source) []install {
	list := serverKits
	switch s.Class {
	case collect.Public:
		list = browserKits
	case collect.Shopify, collect.WooCommerce:
		list = shopKits[s.Class]
	}
	_, host, _ := strings.Cut(r.URL, "://")
	fill := strings.NewReplacer("{server}", r.URL, "{host}", host, "{key}", web.KeyMark, "{source}", s.ID.String())
	out := make([]install, 0, len(list))
	for _, i := range list {
		out = append(out, install{i.Title, fill.Replace(i.Text)})
	}
	return out
}
