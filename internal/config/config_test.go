package config

import (
	"strings"
	"testing"

	"candor/internal/errs"
)

func TestParseFillsInDefaults(t *testing.T) {
	c, err := Parse([]byte("data: /srv/candor\nurl: https://privacy.shop.example/\n"))
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
		_, err := Parse([]byte(tt.text))
		if !errs.Is(err, errs.Invalid) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error repeats a secret", tt.name)
		}
	}
	if _, err := Parse([]byte("data: /d\nurl: http://127.0.0.1:8080\n")); err != nil {
		t.Errorf("loopback without TLS: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("data: /d\nurl: https://a.example\nmail: {relay: 'smtps://r.example:465'}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := Parse(b); err == nil && (c.Data == "" || c.URL == "") {
			t.Errorf("accepted %+v", c)
		}
	})
}
