package config

import (
	"strings"
	"testing"

	"candor/internal/errs"
)

func TestParseFillsInDefaults(t *testing.T) {
	c, err := Parse([]byte("data: /srv/candor\nurl: https://privacy.shop.example/\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Database != "/srv/candor/candor.db" || c.Keys != "/srv/candor/keys.db" || c.Listen != "127.0.0.1:8080" || c.URL != "https://privacy.shop.example" || c.Mail.Pace != 20 {
		t.Errorf("%+v", c)
	}
}

func TestParseRefuses(t *testing.T) {
	good := "data: /d\nurl: https://a.example\n"
	tests := []struct{ name, text, says string }{
		{"an unknown setting", good + "databse: x\n", "line 3: there is no setting databse"},
		{"a list for a text", "data: [a]\nurl: https://a.example\n", "line 1"},
		{"no data", "url: https://a.example\n", "set data"},
		{"no url", "data: /d\n", "set url"},
		{"plain http", "data: /d\nurl: http://a.example\n", "https"},
		{"a password in the relay's URL", good + "mail: {relay: 'smtp://u:secret@r.example:587'}\n", "password_file"},
		{"a relay of another kind", good + "mail: {relay: 'http://r.example'}\n", "smtp://"},
		{"a pace below one", good + "mail: {pace: -1}\n", "pace"},
	}
	for _, tt := range tests {
		_, err := Parse([]byte(tt.text), nil)
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error repeats a secret", tt.name)
		}
	}
	if _, err := Parse([]byte("data: /d\nurl: http://127.0.0.1:8080\n"), nil); err != nil {
		t.Errorf("loopback without TLS: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("data: /d\nurl: https://a.example\nmail: {relay: 'smtps://r.example:465'}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := Parse(b, nil); err == nil && (c.Data == "" || c.URL == "") {
			t.Errorf("accepted %+v", c)
		}
	})
}

// All that is wrong is told at once, each with its line or its variable.
func TestFaultsHaveTheirPlaces(t *testing.T) {
	_, err := Parse([]byte("data: /d\n\nurl: http://a.example\nmail:\n  pace: 0\n  dkim:\n    - {domain: a.example, selector: x}\nlimits: {token: 2000000}\nproxies:\n  - 10.0.0.0/99\n"),
		[]string{"CANDOR_LISTEN=secret", "CANDOR_TRACES_URL=http://secret.example"})
	want := "6 settings are wrong:\n  CANDOR_LISTEN: set listen to host:port, such as 127.0.0.1:8080" +
		"\n  line 3: set url to an https address; plain http is for loopback alone" +
		"\n  line 10: write an address or a network, such as 127.0.0.1 or 10.0.0.0/8" +
		"\n  line 7: a DKIM key has domain, selector and key_file" +
		"\n  line 8: set limits.token to requests a second, from 1 to 1000000" +
		"\n  CANDOR_TRACES_URL: set traces.url to the https address of an OTLP collector; plain http is for loopback alone (bad_config)"
	if err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
}

func TestTheEnvironmentGoesBeforeTheFile(t *testing.T) {
	c, err := Parse([]byte("data: /d\nurl: https://a.example\nmail: {relay: 'smtp://a.example', pace: 3}\n"),
		[]string{"CANDOR_MAIL_PACE=7", "CANDOR_EGRESS_ALLOW=a.internal,b.internal:1", "CANDOR_SERVER=http://elsewhere", "PATH=/bin"})
	if err != nil || c.Mail.Pace != 7 || len(c.Egress.Allow) != 2 || c.Mail.Relay != "smtp://a.example" {
		t.Errorf("%+v %v", c, err)
	}
	if _, err := Parse(nil, []string{"CANDOR_DATA=/d", "CANDOR_URL=https://a.example"}); err != nil {
		t.Errorf("the environment alone: %v", err)
	}
	if _, err := Parse(nil, []string{"CANDOR_DATA=/d", "CANDOR_URL=https://a.example", "CANDOR_CONNS=many"}); err == nil || !strings.Contains(err.Error(), "CANDOR_CONNS: write a whole number") {
		t.Error(err)
	}
}
