package collect

import (
	"testing"

	"candor/internal/strict"
)

// What shops post, once its signature fits.
func FuzzShop(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"email":"ada@example.com","total_price":"19.90","currency":"EUR","line_items":[{"quantity":2,"price":"5"}],"refunds":[{"id":7,"transactions":[{"kind":"refund","amount":"5.00","status":"success"}]}]}`,
		`{"id":1,"refunds":[{"id":7,"transactions":[{"kind":"refund","amount":"1e999999999"},{"kind":"refund","amount":"1/3"}]}],"customer":{"default_address":{"address1":"a"}}}`,
		`{"id":5,"status":"refunded","billing":{"email":"ada@example.com","first_name":"Ada"},"refunds":[{"id":1,"total":"-5.00"}],"date_created_gmt":"2026-01-01T00:00:00"}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		said, err := strict.Object(body)
		if err != nil {
			return
		}
		v := value{said}
		for _, o := range []order{shopifyOrder(v), wooOrder(v)} {
			for _, r := range o.refunds {
				if len(r.amount) > len(body)+50 {
					t.Errorf("a refund of %d digits", len(r.amount))
				}
			}
			for _, l := range o.lines {
				lineAmount(l)
			}
			o.at.time()
		}
		shopifyPerson(v)
		wooCustomer(v)
	})
}
