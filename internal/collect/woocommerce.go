package collect

import (
	"cmp"
	"strings"
)

var wooAddress = addressParts{"first_name", "last_name", "address_1", "address_2", "postcode", "city", "state", "country"}

// placed are the states of a WooCommerce order that somebody has placed.
var placed = map[string]bool{"processing": true, "completed": true, "on-hold": true, "refunded": true}

// wooOrder reads an order as WooCommerce's webhooks tell it.
func wooOrder(v value) order {
	o := order{
		number: v.get("id").text(), at: either(v.get("date_created_gmt"), v.get("date_created")), total: v.get("total"), currency: v.get("currency"),
		lines: v.get("line_items").list(), counts: placed[v.get("status").text()],
		person: person{id: v.get("customer_id").text(), at: either(v.get("date_modified_gmt"), v.get("date_created_gmt"))},
	}
	o.person.woo(v.get("billing"))
	for _, r := range v.get("refunds").list() {
		o.refunds = append(o.refunds, refund{number: r.get("id").text(), amount: strings.TrimPrefix(r.get("total").text(), "-"), at: o.person.at})
	}
	return o
}

func wooCustomer(v value) person {
	p := person{id: v.get("id").text(), email: v.get("email").text(), name: nameOf(v, "first_name", "last_name"),
		at: either(v.get("date_modified_gmt"), v.get("date_created_gmt"))}
	p.woo(v.get("billing"))
	return p
}

func (p *person) woo(billing value) {
	p.email = cmp.Or(p.email, billing.get("email").text())
	p.fill(billing, wooAddress)
}
