package charter_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"candor/internal/charter"
	"candor/internal/charter/sample"
	"candor/internal/clock"
	"candor/internal/term"
)

// TestProblemsStandAtTheirLine edits the sample so that one thing is wrong, and
// wants it reported by rule, at its line, in words that say what to do.
func TestProblemsStandAtTheirLine(t *testing.T) {
	for _, v := range []struct{ name, old, new, at, rule, say string }{
		{"unknown word", "  dpo: ", "  dbo: ", "  dbo: ", "CHARTER", `leave out "dbo"`},
		{"unknown field in a purpose", "roast: beans you like", "shoe_size: beans you like", "shoe_size", "MIN-02", "declare it"},
		{"field of no purpose", "      roast: beans you like\n", "", "  roast:\n", "MIN-01", "no purpose uses it"},
		{"no reason", "roast: beans you like", `roast: ""`, `roast: ""`, "MIN-01", "reason"},
		{"text missing in a language", "title: {en: Coffee letter, de: Kaffeebrief}", "title: {en: Coffee letter}", "{en: Coffee letter}", "NOT-06", "write the text in de"},
		{"retention missing", "    keep: 24 months after last contact\n", "", "  letter:\n", "MIN-05", "write keep"},
		{"kept for ever", "keep: 24 months after last contact", "keep: forever", "keep: forever", "MIN-05", "for ever is not possible"},
		{"identifying trait", "email:   {kind: email,   keep_in: vault", "email:   {kind: email,   keep_in: trait", "email:   {kind", "SEC-06", "keep it in the vault"},
		{"special trait", "    of: [light, medium, dark]", "    sensitivity: special\n    of: [light, medium, dark]", "    keep_in: trait\n    sens", "MIN-09", "never kept in clear"},
		{"third country without safeguard", "    safeguard: SCC\n", "", "  relay:\n", "VEN-06", "safeguard"},
		{"recipient gets what the purpose lacks", "gets: {letter: [email]", "gets: {letter: [name]", "gets: {letter", "VEN-03", "nobody gets it"},
		{"ticked box", "control: unticked box", "control: ticked box", "control: ticked", "CON-02", "unticked box"},
		{"required consent", "    control: unticked box\n", "    control: unticked box\n    required: true\n", "required: true", "LNT-03", "leave it out"},
		{"no confirmation", "    confirm: by email\n", "", "  signup:\n", "CON-12", "confirmed by its owner"},
		{"ask for no purpose", "for: {purpose: letter, channel: email}", "for: {purpose: latter, channel: email}", "for: {purpose: latter", "CON-03", "name the one purpose"},
		{"channel not used", "for: {purpose: letter, channel: email}", "for: {purpose: letter, channel: sms}", "for: {purpose: letter, channel: sms}", "CON-03", "does not write by sms"},
		{"market without a pack", "markets: [EU, UK, US-CA]", "markets: [EU, UK, US-CA, JP]", "markets:", "CON-01", "no rule pack for JP"},
		{"less than the law asks", "email: {default: opt-in, UK: after a sale of coffee}", "email: opt-out", "email: opt-out", "MSG-01", "in EU the law asks for opt-in"},
		{"sale of an unknown family", "UK: after a sale of coffee", "UK: after a sale of tea", "email: {default", "MSG-02", "no family"},
		{"no implied consent there", "UK: after a sale of coffee", "UK: opt-in, EU: implied consent", "email: {default", "MSG-03", "implied consent"},
		{"interest not written", "      interest: {en: to tell buyers about more coffee like theirs, de: Käufern mehr Kaffee wie den ihren zu zeigen}\n", "", "basis:                          # may", "NOT-01", "write the interest"},
		{"stage from nowhere", "from: [regular]", "from: [irregular]", "from: [irregular]", "NOT-08", "not another stage"},
		{"day that does not exist", "effective: 2022-01-01", "effective: 2022-02-30", "effective:", "CHARTER", "exists"},
		{"a name twice", "families:  ", "Events: {}\nfamilies:  ", "Events: {}", "YAML", "twice"},
		{"an alias", "contact: privacy@halm.example", "contact: &c privacy@halm.example", "contact: &c", "YAML", "anchors"},
		{"NUL", "Halm Coffee Roasters\n", "Halm\x00\n", "Halm\x00", "YAML", "NUL"},
		{"not UTF-8", "Halm Coffee Roasters\n  controller", "Halm\xff\n  controller", "Halm\xff", "YAML", "UTF-8"},
	} {
		t.Run(v.name, func(t *testing.T) {
			c, problems := edit(t, v.old, v.new)
			promise, _ := c.Documents()
			before, _, ok := strings.Cut(string(promise), v.at)
			if !ok {
				t.Fatalf("no %q in the edited sample", v.at)
			}
			line := strings.Count(before, "\n") + 1
			for _, p := range problems {
				if p.File == charter.PromiseFile && p.Line == line && p.Rule == v.rule && strings.Contains(p.Msg, v.say) {
					return
				}
			}
			t.Errorf("want %s on line %d saying %q; got %v", v.rule, line, v.say, problems)
		})
	}
}

func TestEveryProblemIsReported(t *testing.T) {
	_, problems := edit(t, "kind: email,   keep_in: vault", "kind: email,   keep_in: trait", "    keep: 24 months after last contact\n", "", "    safeguard: SCC\n", "", "control: unticked box", "control: ticked box")
	rules := map[string]bool{}
	for i, p := range problems {
		rules[p.Rule] = true
		if i > 0 && problems[i-1].Line > p.Line {
			t.Error("problems are not in the order of the document")
		}
	}
	for _, r := range []string{"SEC-06", "MIN-05", "VEN-06", "CON-02"} {
		if !rules[r] {
			t.Errorf("%s is not among %v", r, problems)
		}
	}
}

func TestTheHouseIsChecked(t *testing.T) {
	promise, house := sample.Documents()
	for _, v := range []struct{ old, new, rule string }{
		{"orders@halm.example", "orders@other.example", "MSG-14"},
		{"  orders: {email:", "  ordres: {email:", "MSG-14"},
		{"sees: {orders: [name, email]}", "sees: {letter: [name]}", "MIN-04"},
		{"events: [Product Viewed]\n", "events: [Product Stolen]\n", "MIN-02"},
		{"asks: [signup]\n", "asks: [nowhere]\n", "CON-05"},
		{"at_most: 3 per week", "at_most: daily", "HOUSE"},
	} {
		_, problems := charter.Parse(promise, []byte(strings.Replace(string(house), v.old, v.new, 1)))
		found := false
		for _, p := range problems {
			found = found || p.File == charter.HouseFile && p.Rule == v.rule
		}
		if !found {
			t.Errorf("%s: %v", v.new, problems)
		}
	}
}

func TestStagesAreCheckedByWhoKnowsTheLanguage(t *testing.T) {
	got := charter.CheckStages(sample.Halm(), func(_ *charter.Charter, s charter.Stage) error {
		if s.ID == "lapsed" {
			return fmt.Errorf("no such word")
		}
		return nil
	})
	promise, _ := sample.Documents()
	line := strings.Count(strings.Split(string(promise), "when: 'since_last")[0], "\n") + 1
	if len(got) != 1 || got[0].Line != line || !strings.Contains(got[0].Msg, "no such word") {
		t.Errorf("got %v, want line %d", got, line)
	}
}

// TestTheNoticeLacksNothing takes each mandatory element out of the notice and
// wants it missed.
func TestTheNoticeLacksNothing(t *testing.T) {
	c := sample.Halm()
	for _, lang := range []term.Lang{"en", "de"} {
		n, err := c.Render(lang)
		if err != nil {
			t.Fatal(err)
		}
		if missing := n.Complete(); len(missing) > 0 {
			t.Errorf("%s lacks %v", lang, missing)
		}
		if strings.Contains(n.HTML, "<no value>") || strings.Contains(n.HTML, "style=") || strings.Contains(n.HTML, "<script") {
			t.Errorf("%s: holes, style or script", lang)
		}
		if _, err := html.Parse(strings.NewReader(n.HTML)); err != nil {
			t.Error(err)
		}
		for _, want := range []string{c.Business.Controller, c.Business.Contact, c.Business.Authority, "Nordpaket AG", "Mailhaus Inc"} {
			if !strings.Contains(n.HTML, want) || !strings.Contains(n.Text, want) {
				t.Errorf("%s does not say %q", lang, want)
			}
		}
		for _, e := range []string{"controller", "contact", "purposes", "basis", "recipients", "transfers", "retention", "rights", "objection", "withdrawal", "complaint", "required", "automated", "ca-categories", "ca-sale", "ca-retention", "ca-rights"} {
			without := n
			without.HTML = strings.ReplaceAll(n.HTML, `data-element="`+e+`"`, "")
			if missing := without.Complete(); len(missing) != 1 || missing[0] != e {
				t.Errorf("%s without %s misses %v", lang, e, missing)
			}
		}
	}
}

func TestTheNoticeIsEscaped(t *testing.T) {
	n, err := good(t, "name: Nordpaket AG", `name: "<b>Nordpaket</b>"`).Render("en")
	if err != nil || strings.Contains(n.HTML, "<b>") {
		t.Errorf("a name became markup: %v", err)
	}
}

func TestSaleIsComputed(t *testing.T) {
	n, err := good(t, "    role: processor\n    country: US", "    role: controller\n    sale: true\n    country: US").Render("en")
	if err != nil || strings.Contains(n.HTML, "We do not sell") || !strings.Contains(n.HTML, "We sell or share") {
		t.Errorf("the notice denies a sale: %v", err)
	}
}

func TestTheNoticeForMachines(t *testing.T) {
	n, err := sample.Halm().Render("en")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Context   map[string]string `json:"@context"`
		Type      string            `json:"@type"`
		Processes []struct {
			Basis []struct {
				ID string `json:"@id"`
			} `json:"dpv:hasLegalBasis"`
			Data []any `json:"dpv:hasPersonalData"`
		} `json:"dpv:hasProcess"`
	}
	if err := json.Unmarshal([]byte(n.JSONLD), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.Context["dpv"] != "https://w3id.org/dpv#" || doc.Type != "dpv:PrivacyNotice" || len(doc.Processes) != 3 {
		t.Errorf("got %+v", doc)
	}
	for i, want := range [][]string{{"eu-gdpr:A6-1-b"}, {"eu-gdpr:A6-1-c"}, {"eu-gdpr:A6-1-a", "eu-gdpr:A6-1-f"}} {
		var got []string
		for _, b := range doc.Processes[i].Basis {
			got = append(got, b.ID)
		}
		if !slices.Equal(got, want) || len(doc.Processes[i].Data) == 0 {
			t.Errorf("process %d rests on %v, want %v", i, got, want)
		}
	}
}

func TestRetentionEndsWithTheDay(t *testing.T) {
	c := sample.Halm()
	berlin := c.Business.Location()
	for _, v := range []struct {
		purpose term.Purpose
		name    string
		start   clock.Instant
		until   clock.Date
	}{
		{"letter", "Product Viewed", clock.UTC(2025, 1, 15, 10, 0, 0), clock.On(2026, 2, 15)},
		{"letter", "Order Completed", clock.UTC(2024, 10, 1, 10, 0, 0), clock.On(2026, 10, 1)},
		{"bookkeeping", "Order Completed", clock.UTC(2026, 3, 1, 10, 0, 0), clock.On(2035, 1, 1)},
	} {
		keep, ok := c.KeepOf(v.purpose, v.name)
		if got := keep.Until(v.start, berlin); !ok || got != v.until.Start(berlin) {
			t.Errorf("%s keeps %s until %v, want %v", v.purpose, v.name, got, v.until)
		}
	}
	if _, ok := c.KeepOf("bookkeeping", "roast"); ok {
		t.Error("a purpose keeps what it does not use")
	}
}

func FuzzParse(f *testing.F) {
	promise, house := sample.Documents()
	f.Add(promise, house)
	f.Add([]byte("candor: 1\npurposes: {letter: [1]}\nasks: {a: {for: x}}"), []byte("candor: 1\nroles: 3"))
	f.Add([]byte("business: {languages: [en]}\ndata: {a: {title: {en: ~}}}"), []byte("a: &b *b"))
	f.Fuzz(func(t *testing.T, promise, house []byte) {
		c, problems := charter.Parse(promise, house)
		if c == nil {
			t.Fatal("no charter, not even a draft")
		}
		for _, p := range problems {
			if p.Line < 1 || p.Rule == "" || p.Msg == "" || p.File == "" {
				t.Fatalf("a problem without place, rule or words: %+v", p)
			}
		}
		if len(problems) == 0 {
			for _, lang := range c.Business.Languages {
				if n, err := c.Render(lang); err != nil || len(n.Complete()) > 0 {
					t.Fatalf("a good charter has no complete notice: %v", err)
				}
			}
		}
	})
}
