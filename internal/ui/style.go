package ui

import (
	"net/http"

	"candor/internal/clock"
	"candor/internal/term"
)

// styleData fills the style page: each component in each of its states.
type styleData struct {
	Colours  []string
	Messages []Message
	Statuses []Status
	Agreed   Status
	Fields   []Field
	Choices  []Choice
	Steps    []Step
	Facts    []Fact
	Timeline []Moment
	Empty    Empty
	Pages    Pages
	Funnel   Funnel
	Chart    Chart
	Icons    []string
	Staff    staffData
}

// RegisterStyle serves /style, which shows every component in every state, in
// the language of ?lang. It is for people who build pages, so only the demo has
// it.
func RegisterStyle(mux *http.ServeMux) {
	mux.HandleFunc("GET /style/letter", sampleLetter)
	mux.HandleFunc("GET /style", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", contentPolicy(Options{Script: true})) // it shows mails in frames
		f := styleFrame(term.Lang(r.URL.Query().Get("lang")))
		if err := own().style.Render(w, http.StatusOK, f, sample(f.Lang)); err != nil {
			Fail(w, f, err, "")
		}
	})
}

func styleFrame(lang term.Lang) Frame {
	if lang != "de" {
		lang = "en"
	}
	return Frame{
		Lang: lang, Title: "Style", Staff: true, Brand: "Halm Coffee Roasters", Home: "/style",
		Intro: "Every component in every state. Pages are made of these and nothing else.",
		Nav:   []Link{{Text: "Overview", URL: "/style", Current: true}, {Text: "Your data", URL: "/style"}, {Text: "Choices", URL: "/style"}, {Text: "Uses", URL: "/style"}, {Text: "Requests", URL: "/style"}},
		Langs: []Link{{Text: "English", URL: "/style?lang=en", Lang: "en", Current: lang == "en"}, {Text: "Deutsch", URL: "/style?lang=de", Lang: "de", Current: lang == "de"}},
		Footer: []Link{
			{Text: "Privacy notice", URL: "/style"}, {Text: "Contact", URL: "/style"}, {Text: "Complain to the authority", URL: "/style"},
		},
		Message: &Message{Tone: Good, Title: "Saved", Text: "Your choice is in force from now on."},
	}
}

func sample(lang term.Lang) styleData {
	at := clock.UTC(2026, 3, 5, 9, 30, 0)
	return styleData{
		Messages: []Message{
			{Plain, "", "A plain remark without a title."},
			{Good, "Done", "What was asked for has happened."},
			{Warn, "Still to confirm", "Press the button in the mail we sent you. The link works for 72 hours."},
			{Bad, "Not possible", "The code is not right. You have four more tries."},
			{Info, "Good to know", "Orders and invoices are not affected."},
		},
		Statuses: []Status{{Plain, "not asked"}, {Good, "allowed until 3 June 2028"}, {Warn, "waiting for you"}, {Bad, "withdrawn"}, {Info, "law allows it"}},
		Agreed:   Status{Good, "agreed"},
		Fields: []Field{
			{ID: "f1", Name: "email", Label: "E-mail address", Type: "email", Autocomplete: "email", Hint: "We use it for the letter only.", Required: true},
			{ID: "f2", Name: "name", Label: "Name", Value: "Ada", Autocomplete: "name"},
			{ID: "f3", Name: "zip", Label: "Postal code", Value: "1234x", Error: "A postal code has five digits.", Required: true, InputMode: "numeric"},
			{ID: "f4", Name: "country", Label: "Country", Options: []Option{{"DE", "Germany", true}, {"US", "United States", false}}, Required: true},
			{ID: "f5", Name: "remark", Label: "What should we correct?", Lines: 4, Max: 500},
			{ID: "f6", Name: "code", Label: "Code from the mail", Code: true, InputMode: "numeric", Autocomplete: "one-time-code", Max: 8, Required: true},
		},
		Choices: []Choice{
			{ID: "c1", Name: "letter", Value: "1", Label: "Send me the coffee letter by e-mail", Hint: "About twice a month. You can stop at any time."},
			{ID: "c2", Name: "harvest", Value: "1", Label: "Tell me about new harvests", Chosen: true},
			{ID: "c3", Name: "terms", Value: "1", Label: "I accept the terms of sale", Error: "Without this we cannot send your order.", Required: true},
			{ID: "c4", Name: "rhythm", Value: "monthly", Label: "Once a month", Radio: true},
			{ID: "c5", Name: "off", Value: "1", Label: "Post", Hint: "We send no letters by post.", Off: true},
		},
		Steps:    []Step{{Text: "Address", Done: true}, {Text: "Code", Current: true}, {Text: "Your data"}},
		Facts:    []Fact{{Term: "E-mail address", Text: "a***@d***.org", Note: "from the sign-up form, 5 March 2026"}, {Term: "The coffee letter", Text: "by e-mail", Status: &Status{Good, "agreed"}}, {Term: "Kept until", Text: "24 months after your last order"}},
		Timeline: sampleTimeline(at),
		Empty:    Empty{"No messages yet", "When we write to you, you will find here what, when and why."},
		Pages:    Pages{Back: "/style", Next: "/style"},
		Funnel:   sampleFunnel(lang),
		Chart: Lines(lang, "Permissions to write, by month", "Month", []string{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"}, []Series{
			{Name: "agreed", Values: []int64{1200, 1310, 1395, 1502, 1588, 1630, 1704, 1790, 1902, 2011, 2140, 2265}},
			{Name: "withdrawn", Values: []int64{40, 52, 47, 61, 58, 66, 49, 71, 64, 80, 77, 69}},
		}),
		Icons: []string{"check", "cross", "clock", "info", "warning", "minus", "mail", "shield", "download", "trash", "pencil", "key", "list", "arrow", "receipt", "globe",
			"home", "people", "target", "chart", "scroll", "sliders", "search", "menu", "flag", "lock", "phone"},
		Staff:   sampleStaff(lang),
		Colours: []string{"paper", "surface", "sunken", "ink", "accent", "good", "warn", "bad", "info"},
	}
}

func sampleTimeline(at clock.Instant) []Moment {
	return []Moment{
		{At: at.Add(9000 * 3600e9), Tone: Bad, Title: "You withdrew: the coffee letter by e-mail", Text: "Two messages that were waiting have been cancelled.", Link: &Link{Text: "Receipt", URL: "/style"}},
		{At: at.Add(3600e9), Tone: Good, Title: "You confirmed: the coffee letter by e-mail", Link: &Link{Text: "Receipt", URL: "/style"}},
		{At: at, Tone: Warn, Title: "You asked for: the coffee letter by e-mail", Text: "On the sign-up form, in English. Waiting for confirmation."},
	}
}

func sampleFunnel(lang term.Lang) Funnel {
	bar := func(label, note, kind string, n int64) Bar {
		return Bar{Label: label, Note: note, Kind: kind, Count: Number(lang, n), Width: Share(n, 5012)}
	}
	return Funnel{Caption: "Who would get “New harvest” by e-mail", Bars: []Bar{
		bar("Match the condition", "", "step", 5012),
		bar("Never agreed", "Ask on the order page; the form is ready.", "out", 1480),
		bar("Withdrew or objected", "Leave them in peace.", "out", 312),
		bar("May be written to", "", "step", 3220),
		bar("Address bounces", "Ask for a new address at the next order.", "out", 96),
		{Label: "Had three messages this week", Note: "They get the next one.", Kind: "out", Count: "<10", Width: Share(9, 5012)},
		bar("Will be reached", "", "step", 3115),
	}}
}
