package lint

import (
	"testing"
	"time"
)

func goodMessage() Message {
	return Message{
		Lang: "en", Marketing: true, Subject: "Spring offers", Text: "New beans from the hills.", HTML: "<p>New beans</p>",
		Sender: "Acme Shoes", Brands: []string{"Acme Shoes"}, PostalAddress: "123 Main St, Springfield, IL 62701", Unsubscribe: true, ExitFontPx: 13, ExitContrast: 6,
		FooterLangs: []string{"en", "de"}, Now: time.Date(2026, 12, 1, 9, 0, 0, 0, time.UTC),
	}
}

func TestMessageRules(t *testing.T) {
	if got := CheckMessage(goodMessage()); len(got) != 0 {
		t.Fatalf("a good message: %v", got)
	}
	for name, c := range map[string]struct {
		change func(*Message)
		want   string // "" for none
	}{
		"no way out":               {func(m *Message) { m.Unsubscribe = false }, "LNT-05"},
		"a pale way out":           {func(m *Message) { m.ExitContrast = 1.4 }, "LNT-05"},
		"a tiny way out":           {func(m *Message) { m.ExitFontPx = 8 }, "LNT-05"},
		"re":                       {func(m *Message) { m.Subject = "Re: your order" }, "LNT-10"},
		"fwd in brackets":          {func(m *Message) { m.Subject = "[FWD]: hello" }, "LNT-10"},
		"spaced":                   {func(m *Message) { m.Subject = " R E : hello" }, ""},
		"spaced at start":          {func(m *Message) { m.Subject = "R E: hello" }, "LNT-10"},
		"full width":               {func(m *Message) { m.Subject = "ＲＥ：hello" }, "LNT-10"},
		"german":                   {func(m *Message) { m.Subject = "AW: Ihre Anfrage" }, "LNT-10"},
		"chinese":                  {func(m *Message) { m.Subject = "回复: x" }, "LNT-10"},
		"hidden between":           {func(m *Message) { m.Subject = "R\u200bE: x" }, "LNT-10"},
		"a word that begins so":    {func(m *Message) { m.Subject = "Reading: our new list" }, ""},
		"a true answer":            {func(m *Message) { m.Subject, m.Reply = "Re: your question", true }, ""},
		"another's name":           {func(m *Message) { m.Sender = "Account Security" }, "LNT-11"},
		"brand with a word":        {func(m *Message) { m.Sender = "Acme Shoes Letter" }, ""},
		"hidden character":         {func(m *Message) { m.Subject = "Spring\u202E offers" }, "LNT-11"},
		"mixed alphabets":          {func(m *Message) { m.Subject = "Pаypal news" }, "LNT-11"},
		"urgency":                  {func(m *Message) { m.Text = "Last chance, ends tonight!" }, "LNT-12"},
		"urgency in german":        {func(m *Message) { m.Subject = "Nur noch heute: Bohnen" }, "LNT-12"},
		"urgency with a true end":  {func(m *Message) { m.Text, m.OfferEnds = "Ends tonight", m.Now.Add(time.Hour) }, ""},
		"urgency after the end":    {func(m *Message) { m.Text, m.OfferEnds = "Ends tonight", m.Now }, "LNT-12"},
		"an end without urgency":   {func(m *Message) { m.Text = "Ends 31 May 23:59 CET" }, ""},
		"scarcity":                 {func(m *Message) { m.Text = "Only 2 left! 37 people viewing" }, "LNT-13"},
		"footer in other language": {func(m *Message) { m.Lang = "fr" }, "LNT-20"},
		"fear":                     {func(m *Message) { m.Text = "You will lose your memories" }, "LNT-22"},
		"fake invoice":             {func(m *Message) { m.Subject = "Payment failed" }, "LNT-23"},
		"offer in service":         {func(m *Message) { m.Marketing, m.Text = false, "Here is 10 % off your next order" }, "LNT-27"},
		"plain service":            {func(m *Message) { m.Marketing, m.Text = false, "Your order was shipped" }, ""},
		"offer in marketing":       {func(m *Message) { m.Text = "10 % off trail shoes" }, ""},
		"pixel":                    {func(m *Message) { m.HTML = `<img src="https://x.example/o.png" width="1" height="1">` }, "LNT-30"},
		"identifier":               {func(m *Message) { m.HTML = `<a href="https://t.example/c?rid=abc">x</a>` }, "LNT-30"},
		"address in link":          {func(m *Message) { m.HTML = `<a href="https://t.example/c/jane%40x.example">x</a>` }, "LNT-30"},
		"short link":               {func(m *Message) { m.HTML = `<a href="https://bit.ly/abc">x</a>` }, "LNT-30"},
	} {
		t.Run(name, func(t *testing.T) {
			m := goodMessage()
			c.change(&m)
			got := CheckMessage(m)
			if c.want == "" && len(got) > 0 || c.want != "" && !has(got, c.want) {
				t.Errorf("found %v, want %q", got, c.want)
			}
		})
	}
}

func has(list []Finding, id string) bool {
	for _, f := range list {
		if f.ID == id {
			return true
		}
	}
	return false
}

func TestMSG07_PostalAddress(t *testing.T) {
	for address, ok := range map[string]bool{
		"":                                   false,
		"Springfield":                        false,
		"Acme Shoes, Springfield":            false,
		"123":                                false,
		"123 Main St, Springfield, IL 62701": true,
		"Halm Kaffee GmbH, Speicherweg 4, 20457 Hamburg, Germany": true,
		"Acme, P.O. Box, Springfield":                             true,
	} {
		m := goodMessage()
		m.PostalAddress = address
		got := CheckMessage(m)
		if blocked := has(got, CodeContent) && Blocked(got); blocked == ok {
			t.Errorf("%q: %v", address, got)
		}
	}
}
