package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"candor/client"
)

// raw sends a request as it is and gives status, content type and answer.
func (s server) raw(t *testing.T, method, path string, head map[string]string, body io.Reader) (int, string, string) {
	t.Helper()
	r, err := http.NewRequest(method, s.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range head {
		r.Header[name] = []string{v}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(b)
}

func packed(size int) io.Reader {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(bytes.Repeat([]byte{' '}, size))
	_ = z.Close()
	return &b
}

// Whatever is wrong with a request, the answer is a problem with the right
// status and a reason code, repeats nothing, and nothing is done.
func TestBadRequestsDoNothing(t *testing.T) {
	const marker = "jane@example.org"
	each(t, func(t *testing.T, s server) {
		secret := s.secret(t, "read", "write", "send", "admin", "decide", "reasons")
		person := `{"identities":[{"kind":"email","value":"` + marker + `"}],"fields":{"email":"` + marker + `"},"provenance":{"source":"crm"}`
		for name, c := range map[string]struct {
			method, path, kind, encoding string
			body                         io.Reader
			status                       int
			code                         string
		}{
			"truncated":               {"POST", "/customers", "", "", strings.NewReader(person), 422, "json_malformed"},
			"a name twice":            {"POST", "/customers", "", "", strings.NewReader(person + `,"fields":{}}`), 422, "json_duplicate_key"},
			"a name in another case":  {"POST", "/customers", "", "", strings.NewReader(person + `,"Fields":{}}`), 422, "json_duplicate_key"},
			"a name in capitals":      {"POST", "/customers", "", "", strings.NewReader(strings.Replace(person, "fields", "FIELDS", 1) + `}`), 422, "invalid_request"},
			"deep nesting":            {"POST", "/customers", "", "", strings.NewReader(person + `,"x":` + strings.Repeat("[", 5000)), 422, "json_too_deep"},
			"a huge body":             {"POST", "/customers", "", "", strings.NewReader(strings.Replace(person, marker, strings.Repeat("a", 3<<20), 1) + "}"), 413, "body_too_large"},
			"a number beyond 2^53":    {"POST", "/customers", "", "", strings.NewReader(strings.Replace(person, `"email":"`, `"roast":9007199254740993,"email":"`, 1) + "}"), 422, "number_too_large"},
			"broken UTF-8":            {"POST", "/customers", "", "", strings.NewReader(strings.Replace(person, "crm", "c\xff", 1) + "}"), 422, ""},
			"UTF-16":                  {"POST", "/customers", "", "", strings.NewReader("\xff\xfe{\x00}\x00"), 422, ""},
			"NUL":                     {"POST", "/customers", "", "", strings.NewReader(strings.Replace(person, "crm", `c\u0000`, 1) + "}"), 422, ""},
			"a bomb":                  {"POST", "/customers", "", "gzip", packed(50 << 20), 422, "not_json"},
			"gzip without saying so":  {"POST", "/customers", "", "", packed(1 << 10), 422, ""},
			"another character set":   {"POST", "/customers", "text/plain; charset=utf-16", "", strings.NewReader(person + "}"), 422, "not_json"},
			"no list but null":        {"POST", "/customers", "", "", strings.NewReader(`{"identities":null,"provenance":{"source":"` + marker + `"}}`), 422, "invalid_request"},
			"a list too long":         {"POST", "/events", "", "", strings.NewReader(`{"provenance":{"source":"crm"},"events":[` + strings.Repeat(`{"identity":{"kind":"email","value":"`+marker+`"},"name":"Order Completed"},`, 500) + `{"identity":{"kind":"email","value":"x@y.z"},"name":"a"}]}`), 422, "invalid_request"},
			"an id of another kind":   {"GET", "/customers/src_0000000000001/standing", "", "", nil, 404, "no_such_customer"},
			"a path that is not":      {"GET", "/customers/" + marker + "/nothing", "", "", nil, 404, "no_such_endpoint"},
			"a method that is not":    {"PATCH", "/customers", "", "", strings.NewReader(person + "}"), 0, ""},
			"a limit that is none":    {"GET", "/customers?limit=" + marker, "", "", nil, 422, "invalid_request"},
			"a file that is packed":   {"PUT", "/imports/imp_0000000000001/file", "text/csv", "gzip", packed(50 << 20), 422, "encoded_file"},
			"a file for nothing":      {"PUT", "/imports/imp_0000000000001/file", "text/csv", "", strings.NewReader(marker), 404, "no_such_import"},
			"a mapping full of names": {"POST", "/imports", "", "", strings.NewReader(`{"mapping":"` + strings.Repeat("a: b\\n", 20000) + `"}`), 422, "invalid_request"},
			"a charter of one line":   {"POST", "/charter", "", "", strings.NewReader(`{"promise":"` + marker + `","house":"x"}`), 422, "charter_invalid"},
			"a long idempotency key":  {"POST", "/customers", "key", "", strings.NewReader(person + "}"), 422, "idempotency_key"},
		} {
			head := map[string]string{"Authorization": "Bearer " + secret, "Content-Type": "application/json"}
			switch {
			case c.kind == "key":
				head["Idempotency-Key"] = strings.Repeat("k", 300)
			case c.kind != "":
				head["Content-Type"] = c.kind
			}
			if c.encoding != "" {
				head["Content-Encoding"] = c.encoding
			}
			status, kind, answer := s.raw(t, c.method, "/api/v1"+c.path, head, c.body)
			if c.status != 0 && status != c.status || status < 400 || status >= 500 || kind != "application/problem+json" && c.status != 0 {
				t.Errorf("%s: %d %s %.200s, want %d", name, status, kind, answer, c.status)
			}
			if !strings.Contains(answer, `"code":"`+c.code) && c.status != 0 {
				t.Errorf("%s: %.300s, want the code %s", name, answer, c.code)
			}
			if strings.Contains(answer, "jane") {
				t.Errorf("%s: the answer repeats the input: %.300s", name, answer)
			}
		}
		if p, err := client.New(s.url, secret).Customers(ctx, "", 10); err != nil || len(p.Customers) != 0 {
			t.Errorf("something was done: %v, %v", p.Customers, err)
		}
		if strings.Contains(s.logs.String(), "jane") {
			t.Error("the log repeats the input")
		}
	})
}

// A token says who may what; anything else opens nothing, and says the same.
func TestBadTokensOpenNothing(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		good := s.secret(t, "read")
		var first string
		for name, head := range map[string]string{
			"none": "", "another scheme": "Basic " + good, "a token alone": good, "cut": "Bearer " + good[:20],
			"longer": "Bearer " + good + "x", "huge": "Bearer candor_" + strings.Repeat("x", 8000), "two": "Bearer " + good + " " + good,
			"not ASCII": "Bearer candor_\xff\xfe", "a write key": "Bearer server_live_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		} {
			status, _, answer := s.raw(t, "GET", "/api/v1/ledger", map[string]string{"Authorization": head}, nil)
			if first == "" {
				first = answer
			}
			if status != http.StatusUnauthorized || answer != first {
				t.Errorf("%s: %d %s", name, status, answer)
			}
		}
	})
}

// A request that is cut off on its way changes nothing, and the server goes on.
func TestACutRequestChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		secret := s.secret(t, "read", "write")
		c := client.New(s.url, secret)
		in, err := c.BeginImport(ctx, mapping)
		if err != nil {
			t.Fatal(err)
		}
		for _, request := range []string{
			"POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{\"identities\":[",
			"PUT /api/v1/imports/" + in.ID + "/file HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + secret + "\r\nContent-Type: text/csv\r\nContent-Length: 4000\r\n\r\nid;mail;land\n1;a@example.com;DE\n",
		} {
			conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(conn, request)
			time.Sleep(50 * time.Millisecond)
			_ = conn.Close()
		}
		soon(t, "the import waits for its file again", func() bool {
			got, err := c.Import(ctx, in.ID)
			return err == nil && got.State == "open"
		})
		if got, err := c.SendFile(ctx, in.ID, strings.NewReader(list)); err != nil || got.State != "whole" {
			t.Errorf("the file sent again: %+v, %v", got, err)
		}
		if p, err := c.Customers(ctx, "", 10); err != nil || len(p.Customers) != 0 {
			t.Errorf("something was done: %v, %v", p.Customers, err)
		}
	})
}
