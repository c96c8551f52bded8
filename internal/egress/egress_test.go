package egress

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"candor/internal/errs"
)

func TestInnerAddressesAreRefused(t *testing.T) {
	for _, a := range []string{
		"127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "fe80::1", "fc00::1", "fd12::1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::", "100.64.0.1", "224.0.0.1", "ff02::1", "255.255.255.255",
		"192.0.2.1", "198.18.0.1", "240.0.0.1", "2001:db8::1",
	} {
		if outer(netip.MustParseAddr(a)) {
			t.Errorf("%s passes", a)
		}
	}
	for _, a := range []string{"8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"} {
		if !outer(netip.MustParseAddr(a)) {
			t.Errorf("%s is refused", a)
		}
	}
}

func TestDialChecksAfterResolution(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	port := s.Listener.Addr().String()[strings.LastIndex(s.Listener.Addr().String(), ":")+1:]
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"} {
		if c, err := New(Options{}).Dial(context.Background(), host+":"+port); !errs.Is(err, errs.Forbidden) {
			t.Errorf("%s: %v", host, err)
			if c != nil {
				_ = c.Close()
			}
		}
	}
	c, err := New(Options{Allow: []string{"LOCALHOST"}}).Dial(context.Background(), "localhost:"+port)
	if err != nil {
		t.Fatalf("a host the operator named: %v", err)
	}
	_ = c.Close()
	if _, err := New(Options{Allow: []string{"127.0.0.1:1"}}).Dial(context.Background(), "127.0.0.1:"+port); !errs.Is(err, errs.Forbidden) {
		t.Errorf("another port than the one named: %v", err)
	}
}

func TestClientSpeaksHTTPSAndFollowsNothing(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
			return
		}
		_, _ = io.WriteString(w, strings.Repeat("x", 100))
	}))
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	d := New(Options{Allow: []string{"127.0.0.1"}, MaxBody: 10, TLS: &tls.Config{RootCAs: roots}})
	res, err := d.Client().Get(s.URL + "/away")
	if err != nil || res.StatusCode != http.StatusFound {
		t.Fatalf("redirect: %v %v", res, err)
	}
	_ = res.Body.Close()
	res, err = d.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if len(b) != 10 {
		t.Errorf("read %d bytes", len(b))
	}
	if _, err := d.Client().Get("http" + strings.TrimPrefix(s.URL, "https")); errs.CodeOf(err) != "egress_scheme" {
		t.Errorf("plain http: %v", err)
	}
	if _, err := New(Options{TLS: &tls.Config{RootCAs: roots}}).Client().Get(s.URL); !errs.Is(err, errs.Forbidden) {
		t.Errorf("inner address over https: %v", err)
	}
}
