package message

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"candor/internal/clock"
	"candor/internal/errs"
	"candor/internal/personal"
)

func testKey(t testing.TB, kind string) []byte {
	t.Helper()
	var key any
	var err error
	if kind == "rsa" {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func testSigner(t testing.TB, kind string) *Signer {
	t.Helper()
	s, err := NewSigner("halm.example", "c1", testKey(t, kind))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testMail() Mail {
	return Mail{
		From: mail.Address{Name: "Halm Kaffee Röster", Address: "letter@halm.example"}, To: personal.Seal("ada@kunde.example"),
		Subject: "Neue Bohnen für Sie, größer und schöner als alles, was wir bisher geröstet haben", Date: clock.UTC(2026, 12, 1, 10, 0, 0),
		MessageID: "abc@halm.example", HTML: "<p>Grüße " + strings.Repeat("lang ", 300) + "</p>", Text: "Grüße\n.\n..dot\nFrom x",
		Unsubscribe: "https://candor.example/u/" + strings.Repeat("A", 240), Class: Marketing,
	}
}

func verifySigned(t *testing.T, s *Signer, raw []byte) *dkim.Verification {
	t.Helper()
	name, value, err := s.Record()
	if err != nil {
		t.Fatal(err)
	}
	v, err := dkim.VerifyWithOptions(bytes.NewReader(raw), &dkim.VerifyOptions{LookupTXT: func(domain string) ([]string, error) {
		if domain != name {
			t.Errorf("looked up %s, want %s", domain, name)
		}
		return []string{value}, nil
	}})
	if err != nil || len(v) != 1 {
		t.Fatalf("verifications %v, error %v", v, err)
	}
	return v[0]
}

// parseMail reads a mail as a mail program does and gives its head and the two
// parts, decoded.
func parseMail(t testing.TB, raw []byte) (mail.Header, string, string) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %q: %v", kind, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	var parts []string
	for {
		p, err := r.NextRawPart()
		if err != nil {
			break
		}
		b, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, strings.ReplaceAll(string(b), "\r\n", "\n"))
	}
	if len(parts) != 2 {
		t.Fatalf("%d parts", len(parts))
	}
	return m.Header, parts[0], parts[1]
}

var (
	oneClickURI  = regexp.MustCompile(`^<https://[^<>,\s@?]+/u/[A-Za-z0-9_-]{100,}>$`)
	oneClickPost = regexp.MustCompile(`^List-Unsubscribe=One-Click$`)
)

func TestMailReadsBackAsWritten(t *testing.T) {
	m := testMail()
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(raw, []byte("\r\n")) {
		if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("a line of %d octets, or a bare line end", len(line))
		}
	}
	h, text, html := parseMail(t, raw)
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != m.Subject {
		t.Errorf("subject %q: %v", subject, err)
	}
	if text != m.Text || html != m.HTML {
		t.Errorf("text %q, html %q", text, html)
	}
}

func TestMailRefusesLineBreaksInHeaders(t *testing.T) {
	for name, change := range map[string]func(*Mail){
		"from name":   func(m *Mail) { m.From.Name = "x\r\nBcc: a@b.example" },
		"message id":  func(m *Mail) { m.MessageID = "a\r\nBcc: a@b.example" },
		"unsubscribe": func(m *Mail) { m.Unsubscribe = "https://x.example/u/a\r\nBcc: a@b.example" },
		"reply to":    func(m *Mail) { m.ReplyTo = "a@b.example\nBcc: c@d.example" },
		"to":          func(m *Mail) { m.To = personal.Seal("a@b.example\r\nBcc: c@d.example") },
		"two to":      func(m *Mail) { m.To = personal.Seal("a@b.example, c@d.example") },
		"to a name":   func(m *Mail) { m.To = personal.Seal("A <a@b.example>") },
	} {
		t.Run(name, func(t *testing.T) {
			m := testMail()
			change(&m)
			raw, err := m.Bytes()
			if err == nil && bytes.Contains(raw, []byte("\nBcc:")) {
				t.Errorf("a header was added: %q", raw[:300])
			}
			if err == nil && name != "from name" { // encoded as a word there
				t.Error("accepted")
			}
		})
	}
	m := testMail()
	m.Subject = "x\r\nBcc: a@b.example"
	if raw, err := m.Bytes(); err == nil && bytes.Contains(raw, []byte("\nBcc:")) {
		t.Error("the subject added a header")
	}
}

func TestMSG04_OneClickHeadersUnderTheSignature(t *testing.T) {
	for _, kind := range []string{"ed25519", "rsa"} {
		t.Run(kind, func(t *testing.T) {
			s := testSigner(t, kind)
			raw, err := testMail().Bytes()
			if err != nil {
				t.Fatal(err)
			}
			signed, err := s.Sign(raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := checkOneClick(signed); err != nil {
				t.Fatal(err)
			}
			h, _, _ := parseMail(t, signed)
			if !oneClickURI.MatchString(h.Get("List-Unsubscribe")) || !oneClickPost.MatchString(h.Get("List-Unsubscribe-Post")) {
				t.Errorf("headers %q, %q", h.Get("List-Unsubscribe"), h.Get("List-Unsubscribe-Post"))
			}
			v := verifySigned(t, s, signed)
			if v.Err != nil {
				t.Errorf("another implementation's check: %v", v.Err)
			}
			keys := strings.ToLower(strings.Join(v.HeaderKeys, ":") + ":")
			if !strings.Contains(keys, "list-unsubscribe:") || !strings.Contains(keys, "list-unsubscribe-post:") {
				t.Errorf("h=%s", keys)
			}
			for _, gone := range []string{"List-Unsubscribe", "List-Unsubscribe-Post"} {
				var fewer []string
				for _, f := range signedFields {
					if f != gone {
						fewer = append(fewer, f)
					}
				}
				bad, err := s.signFields(raw, fewer)
				if err != nil {
					t.Fatal(err)
				}
				if err := checkOneClick(bad); errs.CodeOf(err) != errs.Content {
					t.Errorf("without %s in h=: %v", gone, err)
				}
			}
			if err := checkOneClick(raw); errs.CodeOf(err) != errs.Content {
				t.Errorf("unsigned: %v", err)
			}
			changed := bytes.Replace(signed, []byte("/u/A"), []byte("/u/B"), 1)
			if v := verifySigned(t, s, changed); v.Err == nil {
				t.Error("a changed one-click address passes")
			}
		})
	}
}

func TestSignerRefusesWeakKeys(t *testing.T) {
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string][]byte{
		"no pem": []byte("x"), "not a key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
		"short": pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(weak)}),
	} {
		if _, err := NewSigner("a.example", "s", key); errs.CodeOf(err) != "dkim_key" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
