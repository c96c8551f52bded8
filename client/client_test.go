package client_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"candor/client"
	"candor/internal/ledger/receipt"
)

var ada = client.Customer{
	Identities: []client.Identity{{Kind: "email", Value: "ada@example.org"}},
	Fields:     map[string]any{"email": "ada@example.org", "name": "Ada Lovelace", "country": "DE"},
	Provenance: client.Provenance{Source: "crm"},
}

func TestFromCustomerToReceipt(t *testing.T) {
	eachWith(t, true, func(t *testing.T, s server) {
		c := s.admin(t)
		taken, err := c.PutCustomer(ctx, ada)
		if err != nil || !taken.Created {
			t.Fatalf("%+v, %v", taken, err)
		}
		again, err := c.PutCustomer(ctx, ada)
		if err != nil || again.Created || again.Customer != taken.Customer {
			t.Errorf("%+v, %v", again, err)
		}
		found, err := c.Find(ctx, ada.Identities[0])
		if err != nil || len(found) != 1 || found[0] != taken.Customer {
			t.Errorf("found %v, %v", found, err)
		}
		ask := client.Question{Customer: taken.Customer, Purpose: "letter", Operation: "serve", Channel: "email"}
		d, err := c.Decide(ctx, ask)
		if err != nil || d.Outcome != "DENY" || len(d.Reasons) == 0 {
			t.Errorf("before consent: %+v, %v", d, err)
		}
		blind, err := s.as(t, "decide").Decide(ctx, ask)
		if err != nil || blind.Outcome != "DENY" || len(blind.Reasons) != 0 || blind.Basis != "" {
			t.Errorf("without the scope reasons: %+v, %v", blind, err)
		}
		r, err := c.RecordConsent(ctx, taken.Customer, client.Consent{Purpose: "letter", Channel: "email", Kind: "withdrawn"})
		if err != nil || r.Record.ID == "" {
			t.Fatalf("%+v, %v", r, err)
		}
		if _, err := c.Receipt(ctx, taken.Customer, r.Record.ID); client.CodeOf(err) != "proof_pending" {
			t.Errorf("at once: %v", err)
		}
		if _, err := s.Ledger.Sequence(ctx); err != nil {
			t.Fatal(err)
		}
		proof, err := c.Receipt(ctx, taken.Customer, r.Record.ID)
		if err != nil {
			t.Fatal(err)
		}
		info, err := c.Ledger(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := receipt.Verify(proof, info.Key, info.Origin); err != nil {
			t.Errorf("the receipt does not verify: %v", err)
		}
		if strings.Contains(s.logs.String(), "ada@example.org") || strings.Contains(s.logs.String(), "Lovelace") {
			t.Error("the log holds personal data")
		}
	})
}

func TestValuesAreReadForAPurpose(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		taken, err := c.PutCustomer(ctx, ada)
		if err != nil {
			t.Fatal(err)
		}
		var denied *client.Error
		v, err := c.Values(ctx, taken.Customer, "letter", "name")
		if !errors.As(err, &denied) || denied.Status != http.StatusForbidden || len(denied.Reasons) == 0 || len(v) != 0 {
			t.Errorf("read for a purpose that is not allowed: %v, %v", v, err)
		}
		if _, err := c.Values(ctx, taken.Customer, ""); client.CodeOf(err) != "no_purpose" {
			t.Errorf("read without a purpose: %v", err)
		}
	})
}

func TestAnUnsourcedValueIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		in := ada
		in.Provenance = client.Provenance{}
		if _, err := s.admin(t).PutCustomer(ctx, in); client.CodeOf(err) != "no_source" {
			t.Errorf("err = %v", err)
		}
	})
}

func TestTokensAreScopedAndEnd(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		if _, err := s.as(t, "read").PutCustomer(ctx, ada); client.CodeOf(err) != "missing_scope" {
			t.Errorf("a reader wrote: %v", err)
		}
		for _, bad := range []string{"", "candor_x", "something else"} {
			if _, err := client.New(s.url, bad).Ledger(ctx); client.CodeOf(err) != "bad_token" {
				t.Errorf("token %q: %v", bad, err)
			}
		}
		secret := s.secret(t, "read", "decide")
		list, err := c.Tokens(ctx)
		if err != nil || len(list) == 0 {
			t.Fatal(err)
		}
		if err := c.RevokeToken(ctx, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if _, err := client.New(s.url, secret).Customers(ctx, "", 10); client.CodeOf(err) != "bad_token" {
			t.Errorf("revoked: %v", err)
		}
	})
}

func TestARepeatedRequestIsDoneOnce(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		c := s.admin(t)
		once := client.WithKey(ctx, "order-17")
		first, err := c.PutCustomer(once, ada)
		if err != nil {
			t.Fatal(err)
		}
		second, err := c.PutCustomer(once, ada)
		if err != nil || second.Customer != first.Customer || !second.Created {
			t.Errorf("%+v, %v; want the first answer again", second, err)
		}
		other := ada
		other.Provenance.Source = "shop"
		if _, err := c.PutCustomer(once, other); client.CodeOf(err) != "idempotency_key_reused" {
			t.Errorf("another body: %v", err)
		}
	})
}

// post sends a raw body with an administrator's token and gives status and answer.
func (s server) post(t *testing.T, token, path, kind, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", kind)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func TestBadBodiesAreRefusedAndNotRepeated(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		secret := s.secret(t, "decide")
		const marker = "jane@example.org"
		for name, c := range map[string]struct{ kind, body, code string }{
			"a duplicate key":      {"application/json", `{"purpose":"` + marker + `","purpose":"b"}`, "json_duplicate_key"},
			"a case variant":       {"application/json", `{"Purpose":"` + marker + `"}`, "invalid_request"},
			"an undeclared name":   {"application/json", `{"` + marker + `":1}`, "invalid_request"},
			"a bad enum":           {"application/json", `{"customer":"cus_1","purpose":"x","operation":"` + marker + `"}`, "invalid_request"},
			"a bad id":             {"application/json", `{"customer":"` + marker + `","purpose":"x","operation":"use"}`, "invalid_request"},
			"a wrong type":         {"application/json", `["` + marker + `"]`, "invalid_request"},
			"trailing data":        {"application/json", `{} "` + marker + `"`, "json_malformed"},
			"a number beyond 2^53": {"application/json", `{"purpose":9007199254740993}`, "number_too_large"},
			"deep nesting":         {"application/json", strings.Repeat("[", 100), "json_too_deep"},
			"a huge body":          {"application/json", `"` + strings.Repeat("a", 3<<20) + `"`, "body_too_large"},
			"another type":         {"text/plain", marker, "not_json"},
		} {
			status, answer := s.post(t, secret, "/api/v1/decide", c.kind, c.body)
			if status < 400 || status >= 500 || !strings.Contains(answer, `"code":"`+c.code+`"`) {
				t.Errorf("%s: %d %.300s", name, status, answer)
			}
			if strings.Contains(answer, marker) {
				t.Errorf("%s: the answer repeats the input: %s", name, answer)
			}
		}
	})
}

func TestTheSpecificationIsServed(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		resp, err := http.Get(s.url + "/api/openapi.json")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		for _, want := range []string{`"openapi":"3.1.0"`, `"/api/v1/decide"`, `"/api/v1/campaigns/{campaign}/launch"`} {
			if !bytes.Contains(b, []byte(want)) {
				t.Errorf("the specification lacks %s", want)
			}
		}
	})
}

func asError(err error, into **client.Error) bool { return errors.As(err, into) }
