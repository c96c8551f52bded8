package collect

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
)

// shopifyOrder reads an order as Shopify's webhooks tell it.
func shopifyOrder(v value) order {
	trial, _ := v.get("test").v.(bool)
	voided := v.get("financial_status").text() == "voided"
	o := order{
		number: v.get("id").text(), at: either(v.get("processed_at"), v.get("created_at")),
		total: v.get("total_price"), currency: v.get("currency"), lines: v.get("line_items").list(),
		counts: !trial && !voided && v.get("cancelled_at").text() == "",
		person: shopifyPerson(v.get("customer")),
	}
	o.person.email = cmp.Or(o.person.email, v.get("email").text(), v.get("contact_email").text())
	o.person.at = either(v.get("updated_at"), o.at)
	o.person.fill(either(v.get("shipping_address"), v.get("billing_address")), shopifyAddress)
	for _, r := range v.get("refunds").list() {
		o.refunds = append(o.refunds, shopifyRefund(r))
	}
	return o
}

func shopifyPerson(v value) person {
	p := person{
		id: v.get("id").text(), email: v.get("email").text(), phone: v.get("phone").text(), name: nameOf(v, "first_name", "last_name"),
		at: either(v.get("updated_at"), v.get("created_at")), lang: language(v.get("locale").text()),
	}
	p.fill(v.get("default_address"), shopifyAddress)
	return p
}

// shopifyRefund adds up what was paid back.
func shopifyRefund(v value) refund {
	sum := new(big.Rat)
	for _, t := range v.get("transactions").list() {
		if n, ok := amount(t.get("amount").text()); ok && t.get("kind").text() == "refund" && t.get("status").text() != "failure" {
			sum.Add(sum, n)
		}
	}
	return refund{number: v.get("id").text(), amount: sum.FloatString(2), at: either(v.get("processed_at"), v.get("created_at"))}
}

// amount reads a sum of money. It takes no exponent, of which a few bytes can stand
// for a number that fills the memory.
func amount(text string) (*big.Rat, bool) {
	if len(text) > 40 || strings.Trim(text, "-0123456789.") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// addressParts name the parts of an address in one shop's payloads.
type addressParts struct{ first, last, street, more, code, city, state, country string }

var shopifyAddress = addressParts{"first_name", "last_name", "address1", "address2", "zip", "city", "province_code", "country_code"}

// fill completes a person from an address.
func (p *person) fill(v value, n addressParts) {
	p.name = cmp.Or(p.name, nameOf(v, n.first, n.last))
	p.phone = cmp.Or(p.phone, v.get("phone").text())
	p.country = cmp.Or(v.get(n.country).text(), p.country)
	street := strings.TrimSpace(v.get(n.street).text() + " " + v.get(n.more).text())
	if street == "" {
		return
	}
	p.address = map[string]any{
		"street": street, "city": v.get(n.city).text(), "state": v.get(n.state).text(), "postalCode": v.get(n.code).text(), "country": v.get(n.country).text(),
	}
}

func nameOf(v value, first, last string) string {
	return strings.TrimSpace(v.get(first).text() + " " + v.get(last).text())
}

func language(locale string) string {
	lang, _, _ := strings.Cut(strings.ToLower(locale), "-")
	return lang
}

func either(a, b value) value {
	if a.v == nil || a.v == "" {
		return b
	}
	return a
}

func atLeastOne(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// lineAmount is what a line costs, to find the dearest; nothing is stored of it.
func lineAmount(v value) float64 {
	total, err := strconv.ParseFloat(v.get("total").text(), 64)
	if err == nil {
		return total
	}
	price, _ := strconv.ParseFloat(v.get("price").text(), 64)
	return price * float64(atLeastOne(v.get("quantity").text()))
}
