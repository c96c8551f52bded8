package egress

import (
	"context"
	"net"
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"candor/internal/errs"
)

// nameServer answers questions for text records until the test ends.
func nameServer(t *testing.T, records map[string][]string) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil {
				continue
			}
			m.Response, m.Additionals = true, nil
			q := m.Questions[0]
			for _, text := range records[q.Name.String()] {
				m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 60}, Body: &dnsmessage.TXTResource{TXT: []string{text[:len(text)/2], text[len(text)/2:]}}})
			}
			if len(m.Answers) == 0 {
				m.RCode = dnsmessage.RCodeNameError
			}
			if answer, err := m.Pack(); err == nil {
				_, _ = c.WriteTo(answer, from)
			}
		}
	}()
	return c.LocalAddr().String()
}

func TestTextRecordsAreAskedOfTheNameServer(t *testing.T) {
	door := New(Options{DNS: nameServer(t, map[string][]string{"halm.example.": {"v=spf1 include:relay.example -all"}})})
	if got, err := door.TXT(context.Background(), "halm.example"); err != nil || !slices.Equal(got, []string{"v=spf1 include:relay.example -all"}) {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := door.TXT(context.Background(), "_dmarc.halm.example"); err != nil || len(got) != 0 {
		t.Errorf("of no record: %q, %v", got, err)
	}
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	down := silent.LocalAddr().String()
	_ = silent.Close()
	if _, err := New(Options{DNS: down}).TXT(context.Background(), "halm.example"); !errs.Is(err, errs.Unavailable) {
		t.Errorf("without a server: %v", err)
	}
}
